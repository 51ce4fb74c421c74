import type { EvaluationView } from "../../../shared/views.ts";
import { formatFixed } from "../../ui/numbers.ts";
import styles from "./page.module.css";

/** Evaluations are this until the model is there. */
type GateState = EvaluationView["state"] | "absent";

/** An attack as an arch: dashed until it is under way, its median distance once it is verified. */
export function Gate({
  attack,
  evaluation,
  isWeakest,
}: {
  attack: string;
  evaluation: EvaluationView | undefined;
  isWeakest: boolean;
}) {
  const state: GateState = evaluation?.state ?? "absent";
  const median = evaluation?.facts?.median ?? null;
  const told =
    state === "verified"
      ? `median distance ${median === null ? "unknown" : formatFixed(median, 2)}${isWeakest ? ", the weakest gate" : ""}`
      : state === "absent"
        ? "not begun"
        : state;
  return (
    <span
      className={styles["gate"]}
      data-state={state}
      data-weakest={isWeakest ? "" : undefined}
      title={`${attack}: ${told}`}
    >
      <svg viewBox="0 0 44 46" width="44" height="46" role="img" aria-label={`${attack}: ${told}`}>
        <path d="M5 44V21a17 17 0 0134 0v23" />
      </svg>
      <b aria-hidden="true">{state === "verified" && median !== null && formatFixed(median, 2)}</b>
    </span>
  );
}
