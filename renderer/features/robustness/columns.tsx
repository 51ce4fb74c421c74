import type { LeaderboardView } from "../../../shared/views.ts";
import { Link } from "@tanstack/react-router";
import { epsilonText, formatNorm, shortId } from "../../../shared/format.ts";
import { visible } from "../../../shared/visible.ts";
import { formatFixed, formatNumber } from "../../ui/numbers.ts";
import type { Column } from "../../ui/table.tsx";
import { MatrixCell } from "./matrix-cell.tsx";
import styles from "./page.module.css";
import type { ModelRow } from "./rows.ts";

/**
 * Columns of models by attacks. `largest` is the distance that takes the last step of the ramp,
 * `best` the right end of the scale of scores.
 */
export function matrixColumns(
  { set: { attacks }, epsilons, fixed }: Pick<LeaderboardView, "set" | "epsilons" | "fixed">,
  largest: number,
  best: number,
): Column<ModelRow>[] {
  return [
    {
      id: "rank",
      title: "#",
      label: "Rank",
      width: 44,
      align: "right",
      pinned: true,
      cell: ({ ranked }) => ranked?.rank ?? <span className="subtle">–</span>,
    },
    {
      id: "model",
      title: "Model",
      width: 220,
      pinned: true,
      cell: ({ model, modelId, label }) => (
        <>
          <Link
            className="medium clip"
            title={visible(label)}
            dir="auto"
            to="/models/$model"
            params={{ model: modelId }}
          >
            {visible(model)}
          </Link>
          <span className="mono subtle">{shortId(modelId)}</span>
        </>
      ),
    },
    {
      id: "interval",
      title: "Score",
      unit: `0 to ${formatFixed(best, 2)}`,
      width: 150,
      cell: (row) => <Interval row={row} best={best} />,
    },
    {
      id: "score",
      title: "Median",
      unit: "95 %",
      width: 132,
      align: "right",
      cell: ({ ranked, verified, needed }) =>
        ranked ? (
          <>
            <b>{formatFixed(ranked.score, 3)}</b>
            <span className="subtle">± {formatFixed(halfWidth(ranked.interval), 3)}</span>
          </>
        ) : (
          <span className="subtle">
            {verified.toLocaleString("en-US")}/{needed.toLocaleString("en-US")}
          </span>
        ),
    },
    {
      id: "clean",
      title: "Clean",
      unit: "%",
      width: 72,
      align: "right",
      cell: ({ ranked }) =>
        ranked ? formatFixed(ranked.cleanAccuracy * 100, 1) : <span className="subtle">–</span>,
    },
    ...epsilons.map((epsilon, index): Column<ModelRow> => ({
      id: `epsilon ${epsilon}`,
      title: `ε ${formatNumber(epsilon)}`,
      label: `Robust accuracy at ε ${epsilon}, %`,
      unit: "%",
      width: 88,
      align: "right",
      cell: ({ ranked }) => {
        const share = ranked?.robustAccuracy[index];
        return share === undefined ? (
          <span className="subtle">–</span>
        ) : (
          formatFixed(share * 100, 1)
        );
      },
    })),
    ...fixed.map(({ id, norm, epsilon, samples }, index): Column<ModelRow> => ({
      id: `fixed ${id}`,
      title: `${formatNorm(norm)} ${epsilonText(epsilon ?? 0)}`,
      label: `Accuracy under attacks within ${formatNorm(norm)} ${epsilonText(epsilon ?? 0)}, ${samples} samples, %`,
      unit: "%",
      width: 100,
      align: "right",
      cell: (row) => {
        const found = row.fixed[index];
        return found ? (
          <span title={found.attacks.map(visible).join(", ")}>
            {formatFixed(found.accuracy * 100, 1)}
          </span>
        ) : (
          <span className="subtle">–</span>
        );
      },
    })),
    ...attacks.map((attack, index): Column<ModelRow> => ({
      id: attack,
      title: visible(attack.split("@", 1)[0] ?? attack),
      label: visible(attack),
      width: Math.max(86, attack.length * 6),
      cell: ({ cells, weakest }) => {
        const cell = cells[index];
        return cell && <MatrixCell cell={cell} largest={largest} isWeakest={weakest === index} />;
      },
    })),
  ];
}

function halfWidth([low, high]: readonly [number, number]): number {
  return (high - low) / 2;
}

/** A score and its interval on a common scale; of an incomplete model, why it has none. */
function Interval({ row, best }: { row: ModelRow; best: number }) {
  const { ranked, reason } = row;
  if (!ranked)
    return (
      <span className="subtle clip" title={reason ?? ""}>
        {reason}
      </span>
    );
  const share = (value: number) => `${(best > 0 ? value / best : 0) * 100}%`;
  const [low, high] = ranked.interval;
  return (
    <span
      className={styles["interval"]}
      role="img"
      aria-label={`${formatFixed(ranked.score, 3)}, from ${formatFixed(low, 3)} to ${formatFixed(high, 3)}`}
    >
      <i style={{ left: share(low), width: share(high - low) }} />
      <b style={{ left: share(ranked.score) }} />
    </span>
  );
}
