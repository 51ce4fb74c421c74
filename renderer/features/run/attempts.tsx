import { formatBytes, formatDuration } from "../../../shared/format.ts";
import type { AttemptView } from "../../../shared/views.ts";
import { visible, visibleLines } from "../../../shared/visible.ts";
import { Facts, Panel } from "../../ui/layout.tsx";
import { CopyLine, EmptyState } from "../../ui/notices.tsx";
import { State } from "../../ui/state.tsx";
import { When } from "../../ui/when.tsx";
import styles from "./page.module.css";
import { Surroundings } from "./surroundings.tsx";

/** Every start of a job, with the exact command, how it ended and in what environment. */
export function Attempts({ attempts }: { attempts: readonly AttemptView[] }) {
  if (attempts.length === 0)
    return <EmptyState title="Nothing has started yet">It waits for a slot.</EmptyState>;
  return (
    <div className={styles["pageBody"]}>
      {attempts.toReversed().map((attempt) => (
        <Panel
          key={`${attempt.job} ${attempt.attempt}`}
          title={`${attempt.stage}, attempt ${attempt.attempt}`}
          aside={<State state={attempt.state} badge />}
        >
          <Attempt attempt={attempt} />
        </Panel>
      ))}
    </div>
  );
}

function Attempt({ attempt }: { attempt: AttemptView }) {
  const { exit, startedAt, endedAt } = attempt;
  const took = startedAt !== null && endedAt !== null ? formatDuration(endedAt - startedAt) : "–";
  return (
    <div className={styles["attempt"]}>
      <CopyLine text={attempt.command.map((argument) => visible(argument)).join(" ")} />
      {attempt.reason && (
        <p>
          <span className="mono">{attempt.reason}</span>
          {attempt.hint && `: ${attempt.hint}`}
        </p>
      )}
      <Facts
        items={[
          { name: "started", value: <When time={startedAt} /> },
          { name: "took", value: took },
          { name: "exit", value: exit ? (exit.signal ?? String(exit.code)) : "–" },
          { name: "peak memory", value: exit?.peakMemory ? formatBytes(exit.peakMemory) : "–" },
          {
            name: "CPU time",
            value: exit?.cpuSeconds ? formatDuration(exit.cpuSeconds * 1000) : "–",
          },
          { name: "GPUs", value: attempt.gpus.length === 0 ? "none" : attempt.gpus.join(", ") },
          { name: "bad metric lines", value: attempt.badLines },
          { name: "files", value: attempt.files.length },
        ]}
      />
      <Surroundings container={attempt.container} environment={attempt.environment} />
      {attempt.raw && (
        <details>
          <summary>What the system said</summary>
          <pre className="mono">{visibleLines(attempt.raw)}</pre>
        </details>
      )}
      {attempt.environment && (
        <details>
          <summary>Environment</summary>
          <pre className="mono">{visibleLines(JSON.stringify(attempt.environment, null, 2))}</pre>
        </details>
      )}
    </div>
  );
}
