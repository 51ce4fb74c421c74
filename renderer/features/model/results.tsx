import type { EvaluationView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { Panel } from "../../ui/layout.tsx";
import { formatFixed } from "../../ui/numbers.ts";
import { type PlainColumn, PlainTable } from "../../ui/plain-table.tsx";
import { State } from "../../ui/state.tsx";
import { When } from "../../ui/when.tsx";
import styles from "./page.module.css";

/** Every attack that a model was sent through, with what was refused and why. */
export function Results({ results }: { results: readonly EvaluationView[] }) {
  return (
    <Panel title="Evaluations">
      {results.length === 0 ? (
        <p className={styles["note"]}>
          No attack was tried on this model yet. Filling the missing cells queues them.
        </p>
      ) : (
        <PlainTable label="Evaluations" columns={columns} rows={results} keyOf={({ id }) => id} />
      )}
    </Panel>
  );
}

const none = <span className="subtle">–</span>;

const columns: PlainColumn<EvaluationView>[] = [
  {
    id: "attack",
    title: "Attack",
    cell: ({ attack }) => <span className="mono">{visible(attack)}</span>,
  },
  {
    id: "state",
    title: "State",
    cell: ({ state, reason }) => (
      <State state={state} text={state === "failed" && reason ? `failed: ${reason}` : null} />
    ),
  },
  {
    id: "median",
    title: "Median distance",
    align: "right",
    cell: ({ facts }) => (facts && facts.median !== null ? formatFixed(facts.median, 3) : none),
  },
  {
    id: "verified",
    title: "Verified",
    align: "right",
    cell: ({ facts }) => facts?.verified.toLocaleString("en-US") ?? none,
  },
  {
    id: "fooled",
    title: "Fooled",
    align: "right",
    cell: ({ facts }) =>
      facts
        ? `${facts.found.toLocaleString("en-US")} of ${facts.tried.toLocaleString("en-US")}`
        : none,
  },
  {
    id: "rejected",
    title: "Rejected, by reason",
    wraps: true,
    cell: (evaluation) => <Rejections of={evaluation} />,
  },
  {
    id: "ended",
    title: "Ended",
    cell: ({ endedAt }) => (
      <span className="muted">
        <When time={endedAt} />
      </span>
    ),
  },
];

function Rejections({ of: { state, rejections } }: { of: EvaluationView }) {
  if (state !== "verified") return none;
  if (rejections.length === 0) return <span className="muted">none</span>;
  return (
    <span className={styles["reasons"]}>
      {rejections.map(({ reason, count }) => (
        <span key={reason} className="num">
          {count.toLocaleString("en-US")} <span className="mono muted">{visible(reason)}</span>
        </span>
      ))}
    </span>
  );
}
