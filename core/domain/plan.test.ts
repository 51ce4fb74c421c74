import { describe, expect, test } from "vitest";
import type { Resources } from "../../shared/schemas/experiment.ts";
import type { ExitRecord, JobState } from "./job.ts";
import type { Attempt, Job } from "./job-spec.ts";
import { type Active, isRetried, plan } from "./plan.ts";
import type { Observation } from "./ports.ts";

const slots = { cpus: 2, gpus: [0, 1] };

function job(
  id: string,
  over: Partial<Job> = {},
  resources: Resources = { gpus: 0, cpus: 1 },
): Job {
  return {
    id,
    stage: "train",
    runId: "run",
    evaluationId: null,
    runner: "process",
    state: "queued",
    stopRequested: false,
    condition: null,
    reason: null,
    raw: null,
    attempt: 0,
    spec: {
      stage: "train",
      command: ["true"],
      cwd: "in/code",
      env: {},
      parameters: {},
      seed: 0,
      resources,
      timeLimit: 1000,
      silenceLimit: 1000,
      retries: 0,
      inputs: {},
    },
    ...over,
  };
}

function active(
  id: string,
  state: JobState,
  observation: Observation,
  over: Partial<Job> = {},
): Active {
  const attempt: Attempt = { id: 1, jobId: id, number: 1, folder: `/jobs/${id}/1`, gpus: [] };
  return { job: job(id, { state, attempt: 1, ...over }), attempt, observation, trouble: null };
}

const exit: ExitRecord = {
  code: 0,
  signal: null,
  endedBy: "itself",
  startError: null,
  startedAt: 1,
  endedAt: 2,
  peakMemory: 1,
  cpuSeconds: 0,
  logDropped: 0,
};

function kinds(input: Partial<Parameters<typeof plan>[0]>): string[] {
  return planOf(input).map((action) => `${action.kind} ${action.job.id}`);
}

const nobody = new Map<number, string>();

function planOf(input: Partial<Parameters<typeof plan>[0]>) {
  return plan({ queued: [], active: [], slots, foreign: nobody, working: true, ...input });
}

describe("the queue", () => {
  test("fills the free CPUs in order and no more", () => {
    expect(kinds({ queued: [job("a"), job("b"), job("c")] })).toEqual(["begin a", "begin b"]);
  });

  test("counts what runs against the slots", () => {
    const running = active("r", "running", { kind: "running", since: 1 });
    expect(kinds({ active: [running], queued: [job("a"), job("b")] })).toEqual(["begin a"]);
  });

  test("never gives a GPU to two jobs", () => {
    const held = active("r", "running", { kind: "running", since: 1 });
    held.attempt.gpus = [0];
    const actions = planOf({
      active: [held],
      queued: [job("a", {}, { gpus: 1, cpus: 1 })],
      slots: { cpus: 8, gpus: [0, 1] },
      working: true,
    });
    expect(actions).toMatchObject([{ kind: "begin", gpus: [1] }]);
  });

  test("a large job at the head is not overtaken", () => {
    const running = active("r", "running", { kind: "running", since: 1 });
    const large = job("large", {}, { gpus: 0, cpus: 2 });
    expect(kinds({ active: [running], queued: [large, job("small")] })).toEqual([]);
  });

  test("a job that asks for more CPUs than there are runs alone", () => {
    const huge = job("huge", {}, { gpus: 0, cpus: 64 });
    expect(kinds({ queued: [huge, job("next")] })).toEqual(["begin huge"]);
  });

  test("a job that asks for more GPUs than there are is refused with both numbers", () => {
    const actions = planOf({
      queued: [job("a", {}, { gpus: 3, cpus: 1 })],
      active: [],
      slots,
      working: true,
    });
    expect(actions).toMatchObject([
      { kind: "refuse", reason: "unschedulable", raw: "asks for 3 GPUs; this machine has 2" },
    ]);
  });

  test("nothing starts while the engine does not work, but stops are heeded", () => {
    const stopped = job("b", { stopRequested: true });
    expect(kinds({ queued: [job("a"), stopped], working: false })).toEqual(["cancel-queued b"]);
  });
});

describe("GPUs that jobs share when asked", () => {
  const sharing = (id: string, gpu_share: number) => job(id, {}, { gpus: 1, cpus: 1, gpu_share });
  const alone = (id: string) => job(id, {}, { gpus: 1, cpus: 1 });
  const planned = (queued: Job[], foreign = new Map<number, string>()) =>
    plan({ queued, active: [], slots: { cpus: 8, gpus: [0, 1] }, foreign, working: true }).map(
      (action) => [action.kind, action.job.id, "gpus" in action ? action.gpus : null],
    );

  test("two halves on one, the next that wants one alone on the other, a third waits for all", () => {
    expect(
      planned([sharing("a", 0.5), sharing("b", 0.5), alone("c"), sharing("d", 0.5), alone("e")]),
    ).toEqual([
      ["begin", "a", [0]],
      ["begin", "b", [0]],
      ["begin", "c", [1]],
    ]);
  });

  test("one that wants a GPU alone does not starve behind jobs that share", () => {
    expect(planned([sharing("a", 0.2), sharing("b", 0.9), alone("c"), sharing("d", 0.2)])).toEqual([
      ["begin", "a", [0]],
      ["begin", "b", [1]],
    ]);
  });

  test("a job that shares says so, too, when other programs use the GPUs", () => {
    const foreign = new Map([
      [0, "python3 (pid 42)"],
      [1, "python3 (pid 43)"],
    ]);
    expect(planned([sharing("a", 0.5), job("b")], foreign)).toEqual([
      ["set-condition", "a", null],
      ["begin", "b", []],
    ]);
  });
});

describe("GPUs that other programs use", () => {
  const wants = (id: string, gpus: number, over: Partial<Job> = {}) =>
    job(id, over, { gpus, cpus: 1 });
  const python = new Map([[0, "python3 (pid 42)"]]);
  const condition = "waits for a GPU: in use by other programs are GPU 0 by python3 (pid 42)";

  test("are given to no job", () => {
    expect(planOf({ queued: [wants("a", 1)], foreign: python })).toMatchObject([
      { kind: "begin", gpus: [1] },
    ]);
  });

  test("are why a job waits, in words, said once; those behind it that need no such GPU go on", () => {
    const queued = [wants("a", 2), wants("b", 0), wants("c", 1)];
    const actions = planOf({ queued, foreign: python });
    expect(actions).toMatchObject([
      { kind: "set-condition", job: { id: "a" }, condition },
      { kind: "begin", job: { id: "b" }, gpus: [] },
      { kind: "begin", job: { id: "c" }, gpus: [1] },
    ]);
    expect(kinds({ queued: [wants("a", 2, { condition })], foreign: python })).toEqual([]);
  });

  test("a job that the end of another helps is not overtaken, and says who is in its way", () => {
    const held = active("r", "running", { kind: "running", since: 1 });
    held.attempt.gpus = [1];
    const input = { active: [held], slots: { cpus: 8, gpus: [0, 1] }, foreign: python };
    expect(planOf({ ...input, queued: [wants("a", 1), wants("b", 0)] })).toMatchObject([
      { kind: "set-condition", job: { id: "a" }, condition },
    ]);
  });

  test("who uses a GPU beside the job that holds it is in nobody's way", () => {
    const held = active("r", "running", { kind: "running", since: 1 });
    held.attempt.gpus = [0];
    const input = { active: [held], slots: { cpus: 8, gpus: [0, 1] }, foreign: python };
    expect(planOf({ ...input, queued: [wants("a", 1)] })).toMatchObject([
      { kind: "begin", gpus: [1] },
    ]);
  });

  test("once they have gone the job begins, or takes back what it said", () => {
    expect(kinds({ queued: [wants("a", 2, { condition })] })).toEqual(["begin a"]);
    const held = active("r", "running", { kind: "running", since: 1 });
    held.attempt.gpus = [1];
    expect(planOf({ active: [held], queued: [wants("a", 2, { condition })] })).toMatchObject([
      { kind: "set-condition", condition: null },
    ]);
    const other = wants("a", 2, { condition: "the disk is full" });
    expect(kinds({ active: [held], queued: [other] })).toEqual([]);
  });

  test("while it is not known who uses them no job is given one, and none is overtaken", () => {
    const queued = [job("first"), wants("a", 1, { condition }), job("b")];
    expect(kinds({ queued, foreign: null })).toEqual(["begin first"]);
  });
});

describe("what runs", () => {
  test.each<[string, Active, string[]]>([
    [
      "a launch that never happened is made",
      active("a", "starting", { kind: "absent" }),
      ["launch a"],
    ],
    ["a launch under way is left alone", active("a", "starting", { kind: "starting" }), []],
    [
      "what takes its time before a job runs is its condition",
      active("a", "starting", { kind: "starting", doing: "fetching the image" }),
      ["set-condition a"],
    ],
    [
      "what is being done for a job is not told again",
      active(
        "a",
        "starting",
        { kind: "starting", doing: "fetching the image" },
        { condition: "fetching the image" },
      ),
      [],
    ],
    [
      "a condition ends when the launch goes on",
      active("a", "starting", { kind: "starting" }, { condition: "no route" }),
      ["set-condition a"],
    ],
    [
      "a job that is to stop while its image is fetched is stopped",
      active(
        "a",
        "starting",
        { kind: "starting", doing: "fetching the image" },
        { stopRequested: true },
      ),
      ["stop a"],
    ],
    [
      "what runs is marked",
      active("a", "starting", { kind: "running", since: 5 }),
      ["mark-running a"],
    ],
    ["what is marked is left alone", active("a", "running", { kind: "running", since: 5 }), []],
    ["what ended is collected", active("a", "running", { kind: "ended", exit }), ["collect a"]],
    [
      "a collection cut short is taken up",
      active("a", "collecting", { kind: "ended", exit }),
      ["collect a"],
    ],
    [
      "a stop is passed on",
      active("a", "running", { kind: "running", since: 5 }, { stopRequested: true }),
      ["stop a"],
    ],
    [
      "a place out of reach is a condition, never a failure",
      active("a", "running", { kind: "unreachable", detail: "no route" }),
      ["set-condition a"],
    ],
    [
      "a condition that is known is not told again",
      active(
        "a",
        "running",
        { kind: "unreachable", detail: "no route" },
        { condition: "no route" },
      ),
      [],
    ],
    [
      "what holds up a job that runs is its condition, and keeps it from nothing",
      {
        ...active("a", "running", { kind: "running", since: 5 }, { stopRequested: true }),
        trouble: "the disk is full",
      },
      ["set-condition a", "stop a"],
    ],
    [
      "trouble that is known is not told again",
      {
        ...active("a", "running", { kind: "running", since: 5 }, { condition: "no space" }),
        trouble: "no space",
      },
      [],
    ],
    [
      "a condition ends when the place answers",
      active("a", "running", { kind: "running", since: 5 }, { condition: "no route" }),
      ["set-condition a"],
    ],
  ])("%s", (_what, item, expected) => {
    expect(kinds({ active: [item] })).toEqual(expected);
  });

  test("a lost job fails as lost, unless it was to stop anyway", () => {
    const lost: Observation = { kind: "lost", detail: "no process" };
    expect(
      planOf({ queued: [], active: [active("a", "running", lost)], slots, working: true }),
    ).toMatchObject([
      { kind: "collect", verdict: { state: "failed", reason: "lost", raw: "no process" } },
    ]);
    const stopped = active("a", "running", lost, { stopRequested: true });
    expect(planOf({ queued: [], active: [stopped], slots, working: true })).toMatchObject([
      { kind: "collect", verdict: { state: "cancelled" } },
    ]);
  });

  test.each(["running", "collecting"] as const)(
    "a job that is %s and of which nothing is there is lost, and never started again",
    (state) => {
      const gone = active("a", state, { kind: "absent" });
      expect(planOf({ queued: [], active: [gone], slots, working: true })).toMatchObject([
        { kind: "collect", verdict: { state: "failed", reason: "lost" } },
      ]);
    },
  );

  test("the same look gives the same plan", () => {
    const input = {
      queued: [job("q")],
      active: [active("a", "starting", { kind: "running", since: 5 })],
      slots,
      working: true,
    };
    expect(planOf(input)).toEqual(planOf(input));
  });
});

describe("retries", () => {
  const failed = (reason: "exit-code" | "timed-out" | "lost") =>
    ({ state: "failed", reason, raw: "" }) as const;
  const withRetries = (retries: number, attempt: number) => {
    const base = job("a", { attempt });
    return { ...base, spec: { ...base.spec, retries } };
  };

  test("as often as asked for", () => {
    expect(isRetried(withRetries(2, 2), failed("exit-code"))).toBe(true);
    expect(isRetried(withRetries(2, 3), failed("exit-code"))).toBe(false);
  });

  test("not for a failure that cannot change", () => {
    expect(isRetried(withRetries(5, 1), failed("timed-out"))).toBe(false);
  });

  test("a lost attempt has one more try even when none was asked for", () => {
    expect(isRetried(withRetries(0, 1), failed("lost"))).toBe(true);
    expect(isRetried(withRetries(0, 2), failed("lost"))).toBe(false);
  });

  test("never after success or a stop", () => {
    expect(isRetried(withRetries(5, 1), { state: "succeeded" })).toBe(false);
    const stopped = { ...withRetries(5, 1), stopRequested: true };
    expect(isRetried(stopped, failed("exit-code"))).toBe(false);
  });
});
