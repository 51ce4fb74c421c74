/** First and longest wait before something that failed is tried again, ms. */
const shortest = 500;
const longest = 30_000;

type Failure = { until: number; wait: number; why: string | null };

/**
 * What fails for which job, and how long it is left alone: longer each time. Kept apart by what was
 * tried, so that one thing that fails for ever (reading a file, say) does not hold up another (to
 * stop the job). In memory, so that it is known when the catalog's disk is full.
 * @param now monotonic milliseconds
 */
export function createFailures(now: () => number) {
  const ofJobs = new Map<string, Map<string, Failure>>();
  return {
    /** Notes that it failed. `why` is for the user; null where something else says it. */
    note(job: string, what: string, why: string | null): void {
      const ofJob = ofJobs.get(job) ?? new Map<string, Failure>();
      const wait = Math.min(longest, (ofJob.get(what)?.wait ?? shortest / 2) * 2);
      ofJob.delete(what); // the newest stands last
      ofJob.set(what, { until: now() + wait, wait, why });
      ofJobs.set(job, ofJob);
    },
    /** Notes that it worked. */
    clear(job: string, what: string): void {
      const ofJob = ofJobs.get(job);
      ofJob?.delete(what);
      if (ofJob?.size === 0) ofJobs.delete(job);
    },
    mustWait: (job: string, what: string): boolean =>
      (ofJobs.get(job)?.get(what)?.until ?? 0) > now(),
    /** The newest reason of a job. */
    why: (job: string): string | null => newestOf(ofJobs.get(job)),
    /** The newest reason of each job that has one. */
    all: (): Map<string, string> =>
      new Map(
        [...ofJobs].flatMap(([job, ofJob]): [string, string][] => {
          const why = newestOf(ofJob);
          return why === null ? [] : [[job, why]];
        }),
      ),
    /** Forgets the jobs that have ended. */
    keepOnly(jobs: ReadonlySet<string>): void {
      for (const job of ofJobs.keys()) if (!jobs.has(job)) ofJobs.delete(job);
    },
  };
}

function newestOf(ofJob: ReadonlyMap<string, Failure> | undefined): string | null {
  return [...(ofJob?.values() ?? [])].findLast(({ why }) => why !== null)?.why ?? null;
}
