import { formatDuration } from "../../../shared/format.ts";
import type { AttemptView, EvaluationView, RunDetail } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { Icon } from "../../ui/icon.tsx";
import { sentence } from "../../ui/sentence.ts";
import { State, type StateName } from "../../ui/state.tsx";
import styles from "./page.module.css";

/** Train, test, evaluate: how far a run is, and what holds it up. */
export function Stages({ run }: { run: RunDetail }) {
  return (
    <>
      <Track run={run} />
      <Conditions run={run} />
    </>
  );
}

/** As sentences below the stages, whose boxes have no room for them. */
function Conditions({ run }: { run: RunDetail }) {
  const all = [run, ...run.evaluations].flatMap(({ condition }) => condition ?? []);
  return (
    <div className={styles["conditions"]} role="status">
      {[...new Set(all)].map((condition) => (
        <p key={condition}>{sentence(condition)}</p>
      ))}
    </div>
  );
}

function Track({ run }: { run: RunDetail }) {
  return (
    <div className={styles["stages"]}>
      <Stage run={run} stage="train" title="Train" />
      <Icon name="chevron" size={12} />
      <Stage run={run} stage="test" title="Test" />
      <Icon name="chevron" size={12} />
      <div className={styles["stage"]} data-now={isNow(evaluationState(run.evaluations))}>
        <State state={evaluationState(run.evaluations)} text="Evaluate" />
        {run.evaluations.length > 0 && (
          <span className="subtle num">
            {run.evaluations.filter(({ state }) => state === "verified").length} of{" "}
            {run.evaluations.length}
          </span>
        )}
        <span className={styles["gates"]}>
          {run.evaluations.map(({ id, attack, state }) => (
            <span
              key={id}
              className={styles["gate"]}
              data-state={state}
              title={`${attack}: ${state}`}
            >
              {visible(attack.split("@", 1)[0] ?? attack)}
            </span>
          ))}
        </span>
      </div>
    </div>
  );
}

function Stage({ run, stage, title }: { run: RunDetail; stage: string; title: string }) {
  const attempt = run.attempts.findLast((each) => each.stage === stage);
  const state: StateName = attempt?.state ?? "queued";
  const took =
    attempt && attempt.startedAt !== null && attempt.endedAt !== null
      ? formatDuration(attempt.endedAt - attempt.startedAt)
      : null;
  return (
    <div className={styles["stage"]} data-now={isNow(state)}>
      <State state={state} text={title} />
      <span className="subtle num clip">
        {attempt?.reason ?? took ?? (attempt && heldUp(run, attempt)) ?? attempt?.state}
      </span>
    </div>
  );
}

/** Why an attempt has not started yet, where that is known. */
function heldUp({ condition }: RunDetail, { state }: AttemptView): string | null {
  return state === "starting" && condition !== null ? visible(condition) : null;
}

/** As an attribute that is there or not. */
function isNow(state: StateName): "" | undefined {
  return ["starting", "running", "collecting"].includes(state) ? "" : undefined;
}

function evaluationState(evaluations: readonly EvaluationView[]): StateName {
  const states = new Set(evaluations.map(({ state }) => state));
  if (states.has("attacking") || states.has("verifying")) return "running";
  if (states.has("queued") || states.size === 0) return "queued";
  if (states.has("failed")) return "failed";
  return states.has("cancelled") ? "cancelled" : "succeeded";
}
