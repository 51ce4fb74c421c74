/**
 * Robust accuracy at a fixed epsilon on the leaderboard: 200 models x 10,000 samples with two attacks.
 * `--models` and `--samples` make it smaller.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Database from "better-sqlite3";
import { uniformGenerator } from "../../core/domain/seed.ts";
import { leaderboard } from "../../core/services/leaderboard.ts";
import { type Figure, quantile, report } from "../support/benchmark.ts";
import {
  fillToyCatalog,
  keepOutcomes,
  openToyCatalog,
  outcomeRow,
} from "../support/toy-catalog.ts";

const { values: options } = parseArgs({
  options: {
    models: { type: "string", default: "200" },
    samples: { type: "string", default: "10000" },
    rounds: { type: "string", default: "9" },
    json: { type: "boolean" },
  },
});
const classes = 10;
const samples = Number(options.samples);
const size = { models: Number(options.models), attacks: 5, samples, classes };
const folder = mkdtempSync(join(tmpdir(), "gauntlet-fixed-"));
const catalog = openToyCatalog(folder);

/** The median of what some work takes, ms. */
function measure(work: () => void, before: () => void = () => undefined): number {
  const times = Array.from({ length: Number(options.rounds) }, () => {
    before();
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return quantile(times, 0.5);
}

try {
  const { models, attacks, threatModelId } = fillToyCatalog(catalog, size);
  const { datasetId, sampleSet } = catalog.evaluations.threatModel(threatModelId);
  catalog.evaluations.addThreatModel({
    id: "fixed",
    threat: { norm: "linf", minimal: false, epsilon: 0.05, bounds: [0, 1], targeted: false },
    datasetId,
    sampleSet,
  });
  const random = uniformGenerator(7);
  for (const model of models)
    for (const [index, attack] of attacks.entries())
      for (const threat of index < 2 ? [threatModelId, "fixed"] : [threatModelId]) {
        const rows = Array.from({ length: samples }, (_, sample) => {
          const label = sample % classes;
          return outcomeRow(sample, { label, clean_pred: label, linf: random() / 10 });
        });
        keepOutcomes(catalog, catalog.evaluations.add(model, attack, threat), rows);
      }
  const ask = (asked: number[]) => {
    const request = { set: "active", threatModel: threatModelId, epsilons: [], classes: asked };
    const { ranked } = leaderboard({ catalog }, request);
    if (ranked.length !== models.length || ranked.some(({ fixed }) => !fixed[0]))
      throw new Error("a model has no robust accuracy");
  };
  const other = new Database(join(folder, "catalog.sqlite"));
  const name = `leaderboard_${models.length}_models_${samples}_samples`;
  const figures: Figure[] = [
    {
      key: `${name}_worked_out_ms`,
      value: measure(
        () => ask([]),
        () => other.exec("DELETE FROM fixed_accuracy"),
      ),
      unit: "ms",
    },
    { key: `${name}_kept_ms`, value: measure(() => ask([])), unit: "ms", reach: "<= 50" },
    { key: `${name}_one_class_ms`, value: measure(() => ask([3])), unit: "ms" },
  ];
  other.close();
  report("fixed-epsilon", figures);
} finally {
  catalog.close();
  rmSync(folder, { recursive: true, force: true });
}
