import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { formatCount } from "../../../shared/format.ts";
import type { LeaderboardView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { chartSlots } from "../../ui/chart.ts";
import { ErrorNotice } from "../../ui/notices.tsx";
import { AttackCurves } from "./attack-curves.tsx";
import { type CurveLine, Curves } from "./curves.tsx";
import styles from "./page.module.css";

const follows = ["evaluation", "attack-set"] as const;

/** Curves of the best models, or, of one model that is chosen, by attack. */
export function BoardCurves({
  board,
  model,
}: {
  board: LeaderboardView;
  model: string | undefined;
}) {
  const { set, threatModel, classes } = board;
  if (board.ranked.length === 0 && model === undefined) return null;
  return (
    <div className={styles["curves"]}>
      {model === undefined ? (
        <BestCurves board={board} />
      ) : (
        <AttackCurves
          modelId={model}
          title={`Robust accuracy against ε, ${visible(nameOf(board, model))}`}
          attacks={set.attacks}
          threatModel={threatModel?.id ?? null}
          classes={classes}
        />
      )}
    </div>
  );
}

function nameOf({ ranked, incomplete }: LeaderboardView, id: string): string {
  return [...ranked, ...incomplete].find(({ modelId }) => modelId === id)?.model ?? id;
}

function BestCurves({ board }: { board: LeaderboardView }) {
  const { set, threatModel, classes, ranked } = board;
  const best = ranked.slice(0, chartSlots);
  const { data, error } = useQuery(
    core.robustness.curve.queryOptions({
      input: {
        models: best.map(({ modelId }) => modelId),
        attacks: set.attacks,
        threatModel: threatModel?.id ?? null,
        classes,
      },
      meta: { follows },
      placeholderData: keepPreviousData,
    }),
  );
  const lines = useMemo(
    () =>
      (data?.models ?? []).flatMap(({ modelId, model, robustAccuracy }, slot): CurveLine[] =>
        robustAccuracy ? [{ id: modelId, name: model, slot, robustAccuracy }] : [],
      ),
    [data],
  );
  if (error) return <ErrorNotice error={error} />;
  if (!data) return <div className={styles["curvesToCome"]} />;
  return (
    <Curves curve={data} lines={lines}>
      Share of {formatCount(threatModel?.samples ?? 0, "sample")} of{" "}
      {visible(threatModel?.dataset ?? "")} {visible(threatModel?.split ?? "")} that is classified
      rightly and that no attack of the set fools up to ε.
      {ranked.length > best.length && ` The first ${best.length} models.`} A click on a row shows
      that model attack by attack.
    </Curves>
  );
}
