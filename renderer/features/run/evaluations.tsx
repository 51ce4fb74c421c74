import type { EvaluationView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { Panel } from "../../ui/layout.tsx";
import { formatNumber } from "../../ui/numbers.ts";
import { type PlainColumn, PlainTable } from "../../ui/plain-table.tsx";
import { State } from "../../ui/state.tsx";
import { When } from "../../ui/when.tsx";

const columns: PlainColumn<EvaluationView>[] = [
  {
    id: "attack",
    title: "Attack",
    cell: ({ attack }) => <span className="mono">{visible(attack)}</span>,
  },
  {
    id: "state",
    title: "State",
    cell: ({ state, reason }) => <State state={state} text={state === "failed" ? reason : null} />,
  },
  {
    id: "median",
    title: "Median distance",
    align: "right",
    cell: ({ facts }) => told(facts?.median),
  },
  { id: "verified", title: "Verified", align: "right", cell: ({ facts }) => told(facts?.verified) },
  {
    id: "rejected",
    title: "Rejected",
    align: "right",
    cell: ({ rejections }) => rejections.reduce((sum, { count }) => sum + count, 0),
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

/** The attacks that a run's model was sent through. */
export function Evaluations({ evaluations }: { evaluations: readonly EvaluationView[] }) {
  return (
    <Panel title="Evaluations">
      <PlainTable label="Evaluations" columns={columns} rows={evaluations} keyOf={({ id }) => id} />
    </Panel>
  );
}

function told(value: number | null | undefined): string {
  return typeof value === "number" ? formatNumber(value) : "–";
}
