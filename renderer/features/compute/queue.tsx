import { Link } from "@tanstack/react-router";
import { shortId } from "../../../shared/format.ts";
import type { JobView, QueueView } from "../../../shared/overview.ts";
import { visible } from "../../../shared/visible.ts";
import { Panel } from "../../ui/layout.tsx";
import { type PlainColumn, PlainTable } from "../../ui/plain-table.tsx";
import { State } from "../../ui/state.tsx";
import { When } from "../../ui/when.tsx";
import styles from "./page.module.css";

/** Jobs under way, then those that wait, in the order in which they start. */
export function Queue({ queue: { jobs, total } }: { queue: QueueView }) {
  return (
    <Panel
      title="Jobs"
      aside={
        <span className="muted num">
          {jobs.length < total && `first ${jobs.length} of `}
          {total > 0 && `${total.toLocaleString("en-US")} not ended`}
        </span>
      }
    >
      {jobs.length === 0 ? (
        <p className={styles["note"]}>
          Nothing runs or waits. <Link to="/runs">Open the runs</Link>
        </p>
      ) : (
        <PlainTable label="Jobs" columns={columns} rows={jobs} keyOf={({ id }) => id} />
      )}
    </Panel>
  );
}

const columns: PlainColumn<JobView>[] = [
  {
    id: "state",
    title: "State",
    cell: ({ state, stopping }) => (
      <State state={state} text={stopping ? `${state}, stopping` : null} />
    ),
  },
  { id: "stage", title: "Stage", cell: ({ stage }) => stage },
  {
    id: "of",
    title: "Of",
    cell: ({ run, model, name, attack }) => (
      <>
        {run ? (
          <Link to="/runs/$run" params={{ run }}>
            {visible(name)}
          </Link>
        ) : model ? (
          <Link to="/models/$model" params={{ model }}>
            {visible(name)}
          </Link>
        ) : (
          visible(name)
        )}
        {attack && <span className="muted mono"> {visible(attack)}</span>}
      </>
    ),
  },
  { id: "job", title: "Job", cell: ({ id }) => <span className="mono subtle">{shortId(id)}</span> },
  { id: "priority", title: "Priority", align: "right", cell: ({ priority }) => priority },
  {
    id: "asks",
    title: "Slots",
    align: "right",
    cell: ({ slots }) =>
      slots.gpus > 0
        ? `${slots.cpus} CPU, ${slots.gpuShare ?? slots.gpus} GPU`
        : `${slots.cpus} CPU`,
  },
  {
    id: "since",
    title: "Since",
    cell: ({ startedAt, createdAt }) => (
      <span className="muted">
        <When time={startedAt ?? createdAt} />
      </span>
    ),
  },
  {
    id: "condition",
    title: "Why it waits",
    wraps: true,
    cell: ({ condition }) => (condition ? visible(condition) : <span className="subtle">–</span>),
  },
];
