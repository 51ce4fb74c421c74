import { describe, expect, test } from "vitest";
import { createGpuSlots } from "./gpu-slots.ts";
import type { Attempt, Job } from "./job-spec.ts";

const nobody = new Set<number>();
const whole = { gpus: 1 };
const share = (gpu_share: number) => ({ gpus: 1, gpu_share });

/** A job under way with GPUs, whole or by a share. */
function holding(gpus: number[], gpu_share?: number): { job: Job; attempt: Attempt } {
  const resources = { gpus: gpus.length, cpus: 1, ...(gpu_share !== undefined && { gpu_share }) };
  return {
    job: {
      id: "j",
      stage: "train",
      runId: "r",
      evaluationId: null,
      runner: "process",
      state: "running",
      stopRequested: false,
      condition: null,
      reason: null,
      raw: null,
      attempt: 1,
      spec: {
        stage: "train",
        command: ["true"],
        cwd: ".",
        env: {},
        parameters: {},
        seed: 0,
        resources,
        timeLimit: 1,
        silenceLimit: 1,
        retries: 0,
        inputs: {},
      },
    },
    attempt: { id: 1, jobId: "j", number: 1, folder: "/j/1", gpus },
  };
}

describe("a GPU that is shared", () => {
  test("goes to jobs that ask for a share, up to the whole", () => {
    const slots = createGpuSlots([0], [], nobody);
    for (let i = 0; i < 10; i++) {
      expect(slots.find(share(0.1))).toEqual([0]);
      slots.take([0], share(0.1));
    }
    expect(slots.find(share(0.1))).toBeNull();
    expect(slots.find(share(0.01))).toBeNull();
  });

  test("is never given to a job that wants it alone, nor one of such a job to others", () => {
    const slots = createGpuSlots([0, 1], [holding([0], 0.2), holding([1])], nobody);
    expect(slots.find(whole)).toBeNull();
    expect(slots.find(share(0.5))).toEqual([0]);
    expect(slots.find(share(0.9))).toBeNull();
  });

  test("is filled before another is begun, so that whole ones stay", () => {
    const slots = createGpuSlots([0, 1, 2], [holding([1], 0.3), holding([2], 0.5)], nobody);
    expect(slots.find(share(0.5))).toEqual([2]);
    expect(slots.find(share(0.6))).toEqual([1]);
    expect(slots.find(share(0.8))).toEqual([0]);
    expect(slots.find(whole)).toEqual([0]);
  });

  test("is not joined beside other programs", () => {
    const slots = createGpuSlots([0, 1], [holding([0], 0.2), holding([1])], new Set([0]));
    expect(slots.find(share(0.2))).toBeNull();
    expect(slots.ofOthers(share(0.2))).toEqual([0]);
    expect(slots.ofOthers(whole)).toEqual([]);
    expect(slots.find({ gpus: 0 })).toEqual([]);
  });
});
