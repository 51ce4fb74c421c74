/** How much a page's main thread works for each of its frames, read from a trace of Chromium. */
import type { Browser, Page } from "playwright-core";

type TraceEvent = {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds. */
  ts: number;
  dur?: number;
  args?: { name?: string };
};

export type FrameWork = {
  /** Main-thread time of each frame, ms: all that ran since the frame before. */
  frames: number[];
  /** Main-thread time in all, as a share of the traced time. */
  share: number;
};

/** Traces the page's main thread while `act` runs. */
export async function frameWorkOf(
  browser: Browser,
  page: Page,
  act: () => Promise<void>,
): Promise<FrameWork> {
  await browser.startTracing(page, {
    // No more than is read: with the timeline of the developer tools each message that the page sends
    // itself costs a millisecond, for the trace keeps the stack.
    categories: ["toplevel", "disabled-by-default-devtools.timeline.frame"],
  });
  await act();
  const trace = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[];
  };
  return frameWork(trace.traceEvents);
}

/** Of the renderer whose main thread made most frames: the page's. */
function frameWork(events: readonly TraceEvent[]): FrameWork {
  const threads = events
    .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
    .map(({ pid, tid }) => {
      const own = events.filter((event) => event.pid === pid && event.tid === tid);
      return { own, starts: frameStarts(own) };
    })
    .toSorted((a, b) => b.starts.length - a.starts.length);
  const [main] = threads;
  if (!main || main.starts.length < 2) throw new Error("the trace has no frames");
  const tasks = main.own.filter(
    ({ name, ph }) => ph === "X" && name === "ThreadControllerImpl::RunTask",
  );
  const frames = main.starts.slice(1).map(() => 0);
  let total = 0;
  for (const { ts, dur = 0 } of tasks) {
    total += dur;
    // A task with which a frame begins belongs to it, others to the frame that comes after them.
    const index = main.starts.findIndex((start) => start >= ts) - 1;
    if (index >= 0) frames[index] = (frames[index] ?? 0) + dur / 1000;
  }
  const times = main.own.map(({ ts }) => ts).filter((ts) => ts > 0);
  return { frames, share: total / (Math.max(...times) - Math.min(...times)) };
}

function frameStarts(events: readonly TraceEvent[]): number[] {
  return events
    .filter(({ name }) => name === "BeginMainThreadFrame")
    .map(({ ts }) => ts)
    .toSorted((a, b) => a - b);
}
