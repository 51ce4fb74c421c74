import type { ResourceUse } from "../../shared/attempt-files.ts";
import type { ResourceSample } from "../domain/ports.ts";
import type { CoreContext } from "./context.ts";
import { findRun } from "./runs.ts";

/** More samples of an attempt than this are thinned out. */
const mostSamples = 600;

/** What each attempt of a run used over time, the oldest first. Throws RUN_NOT_FOUND. */
export function resourceUse(context: CoreContext, name: string): ResourceUse {
  const { catalog } = context;
  return catalog.runs.attempts(findRun(context, name).id).flatMap(({ id, stage, number }) => {
    const samples = catalog.metrics.resources(id, mostSamples);
    return samples.length === 0
      ? []
      : [{ stage, attempt: number, samples: samples.map((one, at) => used(one, samples[at - 1])) }];
  });
}

/** CPU time so far becomes processors in use since the sample before. */
function used(sample: ResourceSample, before: ResourceSample | undefined) {
  const { time, cpuSeconds, memory, gpus } = sample;
  const passed = before ? (time - before.time) / 1000 : 0;
  const worked =
    before && before.cpuSeconds !== null && cpuSeconds !== null
      ? // A child that has ended takes its time along.
        Math.max(0, cpuSeconds - before.cpuSeconds)
      : null;
  return {
    time,
    cpus: worked === null || passed <= 0 ? null : worked / passed,
    memory,
    // The driver tells percents.
    gpu: mean(gpus.flatMap(({ utilisation }) => (utilisation === null ? [] : utilisation / 100))),
    gpuMemory: sum(gpus.flatMap((gpu) => gpu.memory ?? [])),
    gpus: gpus.map(({ index, temperature, power }) => ({ index, temperature, power })),
  };
}

function sum(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number | null {
  const total = sum(values);
  return total === null ? null : total / values.length;
}
