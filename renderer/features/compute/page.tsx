import { useQuery } from "@tanstack/react-query";
import { formatBytes, formatCount } from "../../../shared/format.ts";
import type { Overview } from "../../../shared/overview.ts";
import { visible } from "../../../shared/visible.ts";
import { PageHeader } from "../../app/page-header.tsx";
import { core } from "../../rpc/client.ts";
import { Panel } from "../../ui/layout.tsx";
import { ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { formatFixed } from "../../ui/numbers.ts";
import { Checks, DockerChecks } from "./checks.tsx";
import { Gpus } from "./gpus.tsx";
import styles from "./page.module.css";
import { Queue } from "./queue.tsx";

/** Between two looks at the machine, ms. */
const interval = 2000;
/** Jobs in the list; the core tells how many there are. */
const limit = 200;

/** This machine: what it has, who uses it, what waits. */
export function ComputePage() {
  const overview = useQuery(
    core.system.overview.queryOptions({
      input: {},
      meta: { follows: ["job"] },
      refetchInterval: interval,
    }),
  );
  const queue = useQuery(
    core.system.queue.queryOptions({ input: { limit }, meta: { follows: ["job"] } }),
  );
  return (
    <>
      <PageHeader title="Compute" />
      <div className={styles["body"]}>
        {overview.error ? (
          <ErrorNotice error={overview.error} onRetry={() => void overview.refetch()} />
        ) : overview.data ? (
          <Machine overview={overview.data} />
        ) : (
          <Skeleton lines={4} />
        )}
        <Gpus jobs={queue.data?.jobs ?? []} />
        {queue.error ? (
          <ErrorNotice error={queue.error} onRetry={() => void queue.refetch()} />
        ) : queue.data ? (
          <Queue queue={queue.data} />
        ) : (
          <Skeleton lines={4} />
        )}
        <DockerChecks />
        <Checks />
      </div>
    </>
  );
}

function Machine({ overview: { machine, slots, coreMemory, runs } }: { overview: Overview }) {
  const { cpus, memory } = machine;
  return (
    <Panel
      title={visible(machine.name)}
      aside={<span className="subtle">{visible(machine.platform)}</span>}
    >
      <div className={styles["meters"]}>
        <Meter
          name="Processors"
          share={cpus.used === null ? 0 : cpus.used / cpus.total}
          text={`${cpus.used === null ? "–" : formatFixed(cpus.used, 1)} of ${cpus.total} busy`}
        />
        <Meter
          name="Memory"
          share={memory.used / memory.total}
          text={`${formatBytes(memory.used)} of ${formatBytes(memory.total)}`}
        />
        <Meter
          name="CPU slots of jobs"
          share={slots.cpus.used / slots.cpus.total}
          text={`${slots.cpus.used} of ${slots.cpus.total} taken`}
        />
        <Meter
          name="GPU slots of jobs"
          share={slots.gpus.total > 0 ? slots.gpus.used / slots.gpus.total : 0}
          text={
            slots.gpus.total > 0 ? `${slots.gpus.used} of ${slots.gpus.total} taken` : "no GPUs"
          }
        />
      </div>
      <p className={styles["note"]}>
        Jobs start while there are slots for them. Gauntlet itself holds {formatBytes(coreMemory)}{" "}
        for {formatCount(runs, "run")}.
      </p>
    </Panel>
  );
}

function Meter({ name, share, text }: { name: string; share: number; text: string }) {
  const percent = Math.round(Math.max(0, Math.min(1, share)) * 100);
  return (
    <div className={styles["meter"]}>
      <div className="muted">{name}</div>
      <div className={styles["value"]}>{text}</div>
      <div
        className={styles["track"]}
        role="meter"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={text}
      >
        <i style={{ width: `${percent}%` }} />
      </div>
    </div>
  );
}
