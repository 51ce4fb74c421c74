import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import { formatCount, formatNorm } from "../../../shared/format.ts";
import type { RobustnessCurveView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { dataOf } from "../../rpc/errors.ts";
import { chartSlots } from "../../ui/chart.ts";
import { Panel } from "../../ui/layout.tsx";
import { ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { type CurveLine, Curves } from "./curves.tsx";
import styles from "./curves.module.css";

const follows = ["evaluation", "attack-set"] as const;

/** What is drawn of a model; the active set under the commonest threat model if nothing is said. */
type What = {
  modelId: string;
  title?: string;
  attacks?: string[];
  threatModel?: string | null;
  classes?: number[];
};

/** Accuracy against epsilon of one model: under the worst case over the attacks, and by attack. */
export function AttackCurves({ modelId, title, attacks, threatModel, classes }: What) {
  const { data, error, refetch } = useQuery(
    core.robustness.curve.queryOptions({
      input: { models: [modelId], attacks, threatModel, classes },
      meta: { follows },
    }),
  );
  const worst = data?.models[0];
  if (error && dataOf(error)?.code === "NO_ACTIVE_SET")
    return (
      <Nothing>
        No attack set is active. <Link to="/attacks">Choose a set</Link>
      </Nothing>
    );
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!data || !worst) return <Skeleton lines={6} />;
  if (!data.threatModel) return <Nothing>Nothing was evaluated yet.</Nothing>;
  if (!worst.robustAccuracy)
    return (
      <Nothing>
        There is a curve once every attack of the set is verified on every sample:{" "}
        {visible(worst.reason ?? "some are missing")}.
      </Nothing>
    );
  return <Drawn title={title} curve={data} worst={worst.robustAccuracy} />;
}

function Nothing({ children }: { children: ReactNode }) {
  return (
    <Panel title="Robust accuracy against ε">
      <p className={styles["note"]}>{children}</p>
    </Panel>
  );
}

function Drawn({
  title,
  curve,
  worst,
}: {
  title: string | undefined;
  curve: RobustnessCurveView;
  worst: readonly number[];
}) {
  const { attacks, classes, epsilons, models, threatModel } = curve;
  const byAttack = useQueries({
    queries: attacks.slice(0, chartSlots - 1).map((attack) =>
      core.robustness.curve.queryOptions({
        input: {
          models: models.map(({ modelId }) => modelId),
          attacks: [attack],
          threatModel: threatModel?.id ?? null,
          epsilons,
          classes,
        },
        meta: { follows },
      }),
    ),
    combine: (results) => results.map(({ data }) => data?.models[0]?.robustAccuracy ?? null),
  });
  const lines = useMemo(
    (): CurveLine[] => [
      {
        id: "worst",
        name: "Smallest over the set",
        slot: null,
        strong: true,
        robustAccuracy: worst,
      },
      ...byAttack.flatMap((robustAccuracy, slot) => {
        const attack = attacks[slot];
        return robustAccuracy && attack ? [{ id: attack, name: attack, slot, robustAccuracy }] : [];
      }),
    ],
    [worst, byAttack, attacks],
  );
  return (
    <Curves title={title} curve={curve} lines={lines}>
      Share of {formatCount(threatModel?.samples ?? 0, "sample")} of{" "}
      {visible(threatModel?.dataset ?? "")} {visible(threatModel?.split ?? "")} that the model
      classifies rightly and no verified {curve.norm && formatNorm(curve.norm)} perturbation up to ε
      fools; bounds [{threatModel?.bounds.join(", ")}].
      {classes.length > 0 && ` Only classes ${classes.join(", ")} count.`}
      {attacks.length >= chartSlots && ` Drawn: the first ${chartSlots - 1} attacks.`}
    </Curves>
  );
}
