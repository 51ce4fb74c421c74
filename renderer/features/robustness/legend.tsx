import { formatNorm } from "../../../shared/format.ts";
import type { LeaderboardView } from "../../../shared/views.ts";
import { formatFixed } from "../../ui/numbers.ts";
import styles from "./page.module.css";
import { rampBounds } from "./rows.ts";

/** What ink and marks of the matrix mean. */
export function Legend({ board, largest }: { board: LeaderboardView; largest: number }) {
  const { threatModel, classes } = board;
  return (
    <div className={styles["legend"]}>
      <span className="muted">Median {threatModel && formatNorm(threatModel.norm)}</span>
      <span className={styles["ramp"]} role="img" aria-label="More ink, more robust">
        {rampBounds(largest).map((from, step) => (
          <i
            key={step}
            style={{ background: `var(--ramp-${step})`, color: `var(--ramp-${step}-ink)` }}
          >
            {formatFixed(from, largest < 10 ? 2 : 0)}
          </i>
        ))}
      </span>
      <span className="muted">more ink, more robust</span>
      <span className={styles["gate"]}>weakest gate</span>
      <span className="grow" />
      <span className="muted clip">
        Score: median over {classes.length > 0 && `samples of classes ${classes.join(", ")}`}
        {classes.length === 0 && "samples"} of the smallest distance, 95 % interval
      </span>
    </div>
  );
}
