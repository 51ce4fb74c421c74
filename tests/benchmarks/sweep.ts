/**
 * How long it takes to expand the largest sweep there may be: 100,000 cells of five parameters.
 *
 *     node tests/benchmarks/sweep.ts [--json] [--rounds N]
 */
import { parseArgs } from "node:util";
import { expandSweep } from "../../core/domain/sweep/expand.ts";
import type { Parameter, Sweep } from "../../shared/schemas/experiment.ts";
import { quantile, report } from "../support/benchmark.ts";

const { values: options } = parseArgs({
  options: { json: { type: "boolean" }, rounds: { type: "string", default: "5" } },
});

const declared: Record<string, Parameter> = {
  rate: { type: "float", default: 0.1, min: 1e-4, max: 1, scale: "log" },
  momentum: { type: "float", default: 0.9, min: 0, max: 1, scale: "linear" },
  depth: { type: "integer", default: 3, min: 1, max: 10, scale: "linear" },
  width: { type: "integer", default: 64, min: 1, max: 1000, scale: "log" },
  loss: { type: "choice", values: ["ce", "trades", "mart"], default: "ce" },
};
const defaults = { rate: 0.1, momentum: 0.9, depth: 3, width: 64, loss: "ce" };
const list = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const sampled = {
  values: {},
  samples: 100_000,
  parameters: Object.keys(declared),
  sampler_seed: 0,
};
const sweeps: Sweep[] = [
  {
    method: "grid",
    sampler_seed: 0,
    values: {
      rate: list(10),
      momentum: list(10),
      depth: list(10),
      width: list(10),
      seed: list(10),
    },
  },
  { method: "random", ...sampled },
  { method: "sobol", ...sampled },
];

const figures = sweeps.map((sweep) => {
  const times = Array.from({ length: Number(options.rounds) }, () => {
    const start = performance.now();
    const points = expandSweep(sweep, declared, defaults);
    if (points.length !== 100_000) throw new Error(`${points.length} points`);
    return performance.now() - start;
  });
  return { key: `${sweep.method}_100k_median`, value: quantile(times, 0.5), unit: "ms" };
});
report("sweep", figures);
