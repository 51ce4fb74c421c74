import { formatCount } from "../../../shared/format.ts";
import { State } from "../../ui/state.tsx";
import { cellsOf, type Counts, cellStates } from "./counts.ts";
import styles from "./page.module.css";

/** How many cells are in each state that any is in, as words. */
export function StateCounts({ counts }: { counts: Counts }) {
  const present = cellStates.filter((state) => counts[state] > 0);
  if (present.length === 0) return <span className="subtle">no cells</span>;
  return (
    <span className={styles["counts"]}>
      {present.map((state) => (
        <State
          key={state}
          state={state}
          text={`${counts[state].toLocaleString("en-US")} ${state}`}
        />
      ))}
    </span>
  );
}

/** The same as shares of one bar. The words stand beside it, so it says nothing to readers. */
export function StateBar({ counts }: { counts: Counts }) {
  const cells = cellsOf(counts);
  return (
    <span className={styles["bar"]} title={formatCount(cells, "cell")} aria-hidden="true">
      {cellStates
        .filter((state) => counts[state] > 0)
        .map((state) => (
          <i key={state} data-state={state} style={{ flexGrow: counts[state] }} />
        ))}
    </span>
  );
}
