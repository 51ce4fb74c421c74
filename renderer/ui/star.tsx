import { classes } from "./classes.ts";
import styles from "./star.module.css";

/** A star that is switched on and off. */
export function Star({
  on,
  label,
  onToggle,
}: {
  on: boolean;
  /** What is starred, read out. */
  label: string;
  onToggle(): void;
}) {
  return (
    <button
      type="button"
      aria-pressed={on}
      aria-label={`Star ${label}`}
      title={on ? "Take the star away" : "Star"}
      className={classes(styles["star"], on && styles["on"])}
      onClick={onToggle}
    >
      <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true">
        <path d="M8 1.8l1.9 4 4.3.6-3.100 3 .75 4.300L8 11.700 4.150 13.700 4.900 9.400 1.800 6.400l4.300-.6z" />
      </svg>
    </button>
  );
}
