import { useQuery } from "@tanstack/react-query";
import { formatBytes } from "../../shared/format.ts";
import { core } from "../rpc/client.ts";
import { useConnection } from "../rpc/connection.ts";
import { State } from "../ui/state.tsx";
import styles from "./shell.module.css";

/** How often the machine is looked at, ms; the queue is told of by events. */
const interval = 5000;
/** More slots than these are told as numbers only. */
const mostBars = 16;

const connections = {
  connecting: { state: "queued", text: "connecting" },
  open: { state: "succeeded", text: "connected" },
  lost: { state: "failed", text: "no connection, trying again" },
  refused: { state: "failed", text: "refused" },
} as const;

export function StatusBar({ onKeys }: { onKeys(): void }) {
  const connection = useConnection(({ state }) => state);
  const { data } = useQuery(
    core.system.overview.queryOptions({
      input: {},
      meta: { follows: ["job"] },
      refetchInterval: interval,
    }),
  );
  const active = data ? data.jobs.starting + data.jobs.running + data.jobs.collecting : 0;
  return (
    <footer className={styles["status"]} aria-label="Status">
      {data && (
        <>
          <span>
            <State
              state={active > 0 ? "running" : "open"}
              text={`${active} running · ${data.jobs.queued.toLocaleString("en-US")} queued`}
            />
          </span>
          <span>
            CPU slots <Slots used={data.slots.cpus.used} total={data.slots.cpus.total} />
            {data.slots.cpus.used} of {data.slots.cpus.total}
          </span>
          {data.slots.gpus.total > 0 && (
            <span>
              GPU slots <Slots used={data.slots.gpus.used} total={data.slots.gpus.total} />
              {data.slots.gpus.used} of {data.slots.gpus.total}
            </span>
          )}
          <span className="clip">
            {data.machine.name}
            {data.machine.cpus.used !== null &&
              ` · ${Math.round((data.machine.cpus.used / data.machine.cpus.total) * 100)} % CPU`}
            {` · ${formatBytes(data.machine.memory.used)} of ${formatBytes(data.machine.memory.total)}`}
          </span>
        </>
      )}
      <span className="grow" />
      <span role="status">
        <State {...connections[connection]} />
      </span>
      <button type="button" onClick={onKeys}>
        <kbd>?</kbd> Keys
      </button>
    </footer>
  );
}

function Slots({ used, total }: { used: number; total: number }) {
  if (total > mostBars) return null;
  return (
    <span className={styles["slots"]} aria-hidden="true">
      {Array.from({ length: total }, (_, index) => (
        <i key={index} data-used={index < used ? "" : undefined} />
      ))}
    </span>
  );
}
