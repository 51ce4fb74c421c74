import { useSyncExternalStore } from "react";
import { formatExactTime, formatWhen } from "./numbers.ts";

let now = Date.now();
const listeners = new Set<() => void>();

/** One clock for all relative times on the page. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  const timer = setInterval(() => {
    now = Date.now();
    listener();
  }, 30_000);
  return () => {
    listeners.delete(listener);
    clearInterval(timer);
  };
}

/** How long ago; exactly when, with the zone, on hover. */
export function When({ time }: { time: number | null }) {
  const at = useSyncExternalStore(subscribe, () => now);
  if (time === null) return <span className="subtle">–</span>;
  return (
    <time dateTime={new Date(time).toISOString()} title={formatExactTime(time)}>
      {formatWhen(time, Math.max(at, time))}
    </time>
  );
}
