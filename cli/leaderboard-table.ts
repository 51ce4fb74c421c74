import { epsilonText, formatPercent, formatNorm } from "../shared/format.ts";
import type { LeaderboardView } from "../shared/views.ts";
import { visible } from "../shared/visible.ts";
import { bold, type Column, dim, table } from "./terminal.ts";

type Ranked = LeaderboardView["ranked"][number];
type Incomplete = LeaderboardView["incomplete"][number];

/** The leaderboard as text: what it compares, the ranked models, then the incomplete ones. */
export function leaderboardText(view: LeaderboardView): string {
  const parts = [bold(`Leaderboard: ${visible(view.set.name)}`) + dim(`  ${caption(view)}`)];
  if (view.ranked.length > 0) parts.push("", table(view.ranked, rankedColumns(view)));
  if (view.incomplete.length > 0)
    parts.push("", dim("Not ranked: incomplete"), table(view.incomplete, incompleteColumns));
  if (view.ranked.length === 0 && view.incomplete.length === 0)
    parts.push("", "No model was evaluated yet. gauntlet evaluate attacks every model.");
  if (view.ranked.length > 0)
    parts.push(
      "",
      dim(
        "score: median over samples of the smallest verified distance; interval: bootstrap, 95 %;",
      ),
      dim("columns of attacks: the same median with that attack alone, · the strongest of a row."),
      ...(view.fixed.length > 0
        ? [dim("columns of a norm: accuracy under the attacks at that epsilon.")]
        : []),
    );
  return parts.join("\n");
}

function caption({ set, threatModel, classes }: LeaderboardView): string {
  if (!threatModel) return set.date;
  const { norm, minimal, epsilon, bounds, samples, dataset, split, queries } = threatModel;
  const size = minimal ? "minimal" : `epsilon ${epsilonText(epsilon ?? 0)}`;
  return [
    set.date,
    `${formatNorm(norm)} ${size}`,
    `bounds [${bounds.join(", ")}]`,
    `N = ${samples} of ${dataset}/${split}`,
    ...(queries === null ? [] : [`${queries} queries`]),
    ...(classes.length === 0 ? [] : [`only class ${classes.join(" and ")}`]),
  ].join(", ");
}

function rankedColumns(view: LeaderboardView): Column<Ranked>[] {
  return [
    { title: "#", value: ({ rank }) => String(rank), align: "right" },
    { title: "model", value: ({ model }) => model },
    { title: "what differs", value: ({ label }) => label || "–" },
    { title: "score", value: scoreText, align: "right", style: (text) => bold(text) },
    {
      title: "95 % interval",
      value: ({ interval: [low, high] }) => `${low.toFixed(3)} to ${high.toFixed(3)}`,
    },
    { title: "clean", value: ({ cleanAccuracy }) => formatPercent(cleanAccuracy), align: "right" },
    ...view.epsilons.map((epsilon, index): Column<Ranked> => ({
      title: `robust at ${epsilon}`,
      align: "right",
      value: ({ robustAccuracy }) => formatPercent(robustAccuracy[index] ?? Number.NaN),
    })),
    ...view.fixed.map(({ norm, epsilon }, index): Column<Ranked> => ({
      title: `${formatNorm(norm)} ${epsilonText(epsilon ?? 0)}`,
      align: "right",
      value: ({ fixed }) => {
        const accuracy = fixed[index]?.accuracy;
        return accuracy === undefined ? "–" : formatPercent(accuracy);
      },
    })),
    ...view.set.attacks.map((attack): Column<Ranked> => ({
      title: attack,
      align: "right",
      value: (row) => attackMedian(row, attack),
    })),
  ];
}

/** A score that samples make up which nothing fooled is the largest distance there can be. */
function scoreText({ score, atWorstCase, needed, perAttack }: Ranked): string {
  const samples = needed / Math.max(1, perAttack.length);
  return `${atWorstCase > samples / 2 ? "≤ " : ""}${score.toFixed(3)}`;
}

function attackMedian(row: Ranked, attack: string): string {
  const median = row.perAttack.find((summary) => summary.attack === attack)?.median ?? null;
  if (median === null) return "–";
  const medians = row.perAttack.flatMap((summary) => summary.median ?? []);
  return `${median === Math.min(...medians) ? "· " : ""}${median.toFixed(3)}`;
}

const incompleteColumns: Column<Incomplete>[] = [
  { title: "model", value: ({ model }) => model },
  { title: "what differs", value: ({ label }) => label || "–" },
  { title: "verified", value: ({ verified, needed }) => `${verified}/${needed}`, align: "right" },
  { title: "why", value: ({ reason }) => reason },
];
