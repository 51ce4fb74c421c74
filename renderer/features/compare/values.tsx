import { useState } from "react";
import { formatCount } from "../../../shared/format.ts";
import type { RunComparison } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { Button } from "../../ui/button.tsx";
import { classes } from "../../ui/classes.ts";
import { slotColour } from "../../ui/chart.ts";
import { formatNumber } from "../../ui/numbers.ts";
import { Scroll } from "../../ui/scroll.tsx";
import styles from "./page.module.css";

type Section = keyof RunComparison["sections"];
type Row = RunComparison["sections"][Section][number];

const titles: Record<Section, string> = {
  parameters: "Parameters",
  results: "Results",
  metrics: "Last values of metrics",
  experiment: "Experiment and code",
  environment: "Environment",
};

/** What the runs are and came to, a column each; what differs stands out. */
export function ComparedValues({
  comparison,
  slots,
}: {
  comparison: RunComparison;
  slots: readonly number[];
}) {
  const [onlyDifferent, setOnlyDifferent] = useState(true);
  const { runs, sections } = comparison;
  const names = Object.keys(titles) as Section[];
  const same = names.reduce(
    (sum, name) => sum + sections[name].filter(({ differs }) => !differs).length,
    0,
  );
  return (
    <>
      <div className={styles["tools"]}>
        <Button
          size="small"
          pressed={onlyDifferent}
          onClick={() => setOnlyDifferent(!onlyDifferent)}
        >
          Only what differs
        </Button>
        <span className="muted num">
          {formatCount(same, "value")} the same in all runs{onlyDifferent && ", not shown"}
        </span>
      </div>
      <Scroll label="Compared values" className={styles["scroller"]}>
        <table className={styles["values"]}>
          <thead>
            <tr>
              <th scope="col">
                <span className="heard">Value</span>
              </th>
              {runs.map(({ id, name }, index) => (
                <th key={id} scope="col">
                  <i style={{ background: slotColour(slots[index] ?? 0) }} />
                  <span dir="auto">{visible(name)}</span>
                </th>
              ))}
            </tr>
          </thead>
          {names.map((name) => {
            const rows = sections[name].filter(({ differs }) => differs || !onlyDifferent);
            return (
              rows.length > 0 && (
                <tbody key={name}>
                  <tr>
                    <th scope="rowgroup" colSpan={runs.length + 1}>
                      {titles[name]}
                    </th>
                  </tr>
                  {rows.map((row) => (
                    <ValueRow key={row.name} row={row} />
                  ))}
                </tbody>
              )
            );
          })}
        </table>
      </Scroll>
    </>
  );
}

function ValueRow({ row }: { row: Row }) {
  return (
    <tr className={classes(row.differs && styles["differs"])}>
      <th scope="row" className="clip" title={visible(row.name)}>
        {visible(row.name)}
      </th>
      {row.values.map((value, index) => (
        <td key={index} className={classes(typeof value === "number" && styles["number"])}>
          {value === null ? (
            <span className="subtle">–</span>
          ) : typeof value === "number" ? (
            formatNumber(value)
          ) : (
            visible(String(value))
          )}
        </td>
      ))}
    </tr>
  );
}
