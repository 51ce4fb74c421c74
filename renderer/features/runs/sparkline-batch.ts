import type { Sparkline } from "../../../shared/metrics.ts";
import { client } from "../../rpc/client.ts";

type Waiting = {
  signal: AbortSignal;
  resolve(line: Sparkline | null): void;
  reject(error: unknown): void;
};

/** Rows that come into view within this make one question, ms. */
const pause = 30;
/** The core takes no more at once. */
const mostRuns = 200;

const waiting = new Map<string, Map<string, Waiting[]>>();
let timer: number | undefined;

/**
 * The course of a metric in a run; null where it has none. Questions of many rows are put as one,
 * without those rows that have left the view meanwhile.
 */
export function sparklineOf(
  metric: string,
  run: string,
  signal: AbortSignal,
): Promise<Sparkline | null> {
  return new Promise((resolve, reject) => {
    const runs = waiting.get(metric) ?? new Map<string, Waiting[]>();
    waiting.set(metric, runs);
    runs.set(run, [...(runs.get(run) ?? []), { signal, resolve, reject }]);
    timer ??= window.setTimeout(flush, pause);
  });
}

function flush(): void {
  timer = undefined;
  for (const [metric, runs] of waiting) {
    const wanted = [...runs].filter(([, all]) => all.some(({ signal }) => !signal.aborted));
    for (let at = 0; at < wanted.length; at += mostRuns)
      void ask(metric, wanted.slice(at, at + mostRuns));
  }
  waiting.clear();
}

async function ask(metric: string, wanted: [run: string, all: Waiting[]][]): Promise<void> {
  const settle = (tell: (one: Waiting, run: string) => void) => {
    for (const [run, all] of wanted) for (const one of all) tell(one, run);
  };
  try {
    const lines = await client.metrics.sparklines({ runs: wanted.map(([run]) => run), metric });
    const ofRun = new Map(lines.map((line) => [line.run, line]));
    settle(({ resolve }, run) => resolve(ofRun.get(run) ?? null));
  } catch (error) {
    settle(({ reject }) => reject(error));
  }
}
