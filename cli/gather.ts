/**
 * Hands things on in batches: the first at once, and whatever comes within `quiet` ms after a batch
 * together at the end of that time. A sweep of a thousand short runs is told in a few words so.
 */
export function gather<T>(quiet: number, tell: (batch: T[]) => void) {
  let waiting: T[] = [];
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    timer = undefined;
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    timer = setTimeout(flush, quiet);
    timer.unref();
    tell(batch);
  }

  return {
    add(things: readonly T[]): void {
      waiting.push(...things);
      if (timer === undefined) flush();
    },
    /** Forgets what waits. */
    end: () => clearTimeout(timer),
  };
}
