import { classes } from "../../ui/classes.ts";
import { formatFixed } from "../../ui/numbers.ts";
import styles from "./page.module.css";
import { type Cell, rampStep } from "./rows.ts";

/** A model under an attack: number, then fill, then pattern; no state rests on colour alone. */
export function MatrixCell({
  cell,
  largest,
  isWeakest,
}: {
  cell: Cell;
  largest: number;
  isWeakest: boolean;
}) {
  const { state, median, verified, needed, found } = cell;
  if (state !== "verified")
    return (
      <span className={classes(styles["cell"], styles[state])} title={state}>
        {state === "absent" ? "" : state}
      </span>
    );
  const told = [
    `${verified} of ${needed} verified`,
    found === null ? null : `${formatFixed(found * 100, 0)} % fooled`,
    isWeakest ? "weakest gate" : null,
  ].filter(Boolean);
  if (median === null)
    return (
      <span className={classes(styles["cell"], styles["absent"])} title={told.join(", ")}>
        none
      </span>
    );
  const step = rampStep(median, largest);
  return (
    <span
      className={classes(styles["cell"], isWeakest && styles["weakest"])}
      style={{ background: `var(--ramp-${step})`, color: `var(--ramp-${step}-ink)` }}
      title={told.join(", ")}
    >
      {formatFixed(median, 2)}
    </span>
  );
}
