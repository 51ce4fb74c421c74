import styles from "./state.module.css";
import { classes } from "./classes.ts";

/** How a state looks: a shape, a word, then a colour. */
const looks = {
  open: "cancelled",
  absent: "cancelled",
  queued: "queued",
  starting: "running",
  running: "running",
  attacking: "running",
  verifying: "running",
  collecting: "running",
  succeeded: "succeeded",
  verified: "succeeded",
  ok: "succeeded",
  failed: "failed",
  cancelled: "cancelled",
  warning: "stale",
} as const;

export type StateName = keyof typeof looks;

/** Runs, jobs, evaluations, cells: the state's shape and word, or `text` in the word's place. */
export function State({
  state,
  text,
  badge,
}: {
  state: StateName;
  text?: string | null;
  badge?: boolean;
}) {
  return (
    <span className={classes(styles["state"], styles[looks[state]], badge && styles["badge"])}>
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        <Shape look={looks[state]} hollow={state === "starting" || state === "collecting"} />
      </svg>
      <span className="clip">{text ?? state}</span>
    </span>
  );
}

function Shape({ look, hollow }: { look: (typeof looks)[StateName]; hollow: boolean }) {
  const ring = { cx: 6, cy: 6, r: 4.9, fill: "none", stroke: "currentColor", strokeWidth: 1.2 };
  const mark = {
    fill: "none",
    stroke: "var(--bg-surface)",
    strokeWidth: 1.4,
    strokeLinecap: "round" as const,
    strokeLinejoin: "round" as const,
  };
  const disc = <circle cx="6" cy="6" r="5.5" fill="currentColor" />;
  switch (look) {
    case "queued":
      return <circle {...ring} r={4.2} strokeWidth={1.5} strokeDasharray="2 1.3" />;
    case "running":
      return (
        <>
          {!hollow && (
            <circle className={styles["pulse"]} cx="6" cy="6" r="2.7" fill="currentColor" />
          )}
          <circle {...ring} opacity={hollow ? 1 : 0.5} />
        </>
      );
    case "succeeded":
      return (
        <>
          {disc}
          <path d="M3.5 6.200l1.800 1.800 3.300-3.700" {...mark} />
        </>
      );
    case "failed":
      return (
        <>
          {disc}
          <path d="M4.200 4.200l3.600 3.600M7.800 4.200L4.200 7.800" {...mark} />
        </>
      );
    case "cancelled":
      return (
        <>
          <circle {...ring} r={4.7} strokeWidth={1.3} />
          <path d="M2.800 9.200l6.400-6.400" stroke="currentColor" strokeWidth="1.3" />
        </>
      );
    case "stale":
      return <path d="M6 1l5.200 9.500H.8z" fill="currentColor" />;
  }
}
