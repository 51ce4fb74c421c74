/**
 * Sample outcomes at full size: 200 models x 50 attacks x 1,000 samples, written as verify jobs do and
 * asked as the app does. `--models`, `--attacks`, `--samples` make it smaller, `--keep FOLDER` builds
 * in a folder and leaves it.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Database from "better-sqlite3";
import type { OutcomeRow } from "../../core/domain/outcome.ts";
import { uniformGenerator } from "../../core/domain/seed.ts";
import { readOutcomes } from "../../core/engine/collect.ts";
import { leaderboard } from "../../core/services/leaderboard.ts";
import {
  type CurveRequest,
  robustnessCurve,
  robustnessMatrix,
} from "../../core/services/robustness.ts";
import { sampleId } from "../../shared/schemas/dataset.ts";
import { quantile, report } from "../support/benchmark.ts";
import { fillToyCatalog, keepOutcomes, openToyCatalog } from "../support/toy-catalog.ts";

const { values: options } = parseArgs({
  options: {
    models: { type: "string", default: "200" },
    attacks: { type: "string", default: "50" },
    samples: { type: "string", default: "1000" },
    rounds: { type: "string", default: "9" },
    keep: { type: "string" },
    json: { type: "boolean" },
  },
});
const counts = {
  models: Number(options.models),
  attacks: Number(options.attacks),
  samples: Number(options.samples),
};
const classes = 10;
const values = 784;

/**
 * What a verify job would say. Distances are log-normal with medians near 1, of which the model and
 * the attack have a share; 4 % are misclassified, of the rest 2 % withstand.
 */
function outcomesOf(model: number, attack: number): OutcomeRow[] {
  const ofModel = uniformGenerator(model);
  const random = uniformGenerator(1 + model * 1000 + attack);
  const scale = 0.6 + ofModel() + (attack / counts.attacks) * 1.5;
  return Array.from({ length: counts.samples }, (_, index): OutcomeRow => {
    const sample = sampleId("test", index);
    const label = index % classes;
    const cleanMargin = ofModel() * 10;
    const isWrong = cleanMargin < 0.4;
    const bell = random() + random() + random() + random() - 2;
    const l2 = scale * Math.exp(0.8 * bell);
    const isFooled = !isWrong && random() > 0.02;
    const outcome = isWrong ? "misclassified" : isFooled ? "fooled" : "not-fooled";
    const found = <T>(value: T) => (isFooled ? value : null);
    const forwards = 100 + Math.floor(random() * 900);
    const common = {
      sample,
      index,
      label,
      clean_pred: isWrong ? (label + 1) % classes : label,
      clean_margin: isWrong ? -cleanMargin : cleanMargin,
      outcome,
      adv_pred: found((label + 3) % classes),
      adv_margin: found(random() * 1e-3),
      l0: found(values - Math.floor(random() * 50)),
      l1: found(l2 * 14 * (0.9 + random() * 0.2)),
      l2: found(l2),
      linf: found(l2 * (0.1 + random() * 0.2)),
    } as const;
    return {
      verified: {
        ...common,
        verdict: "verified",
        reason: null,
        detail: null,
        worst_case: 20 + (index % 97) / 7,
        claim_mismatch: false,
      },
      claim: {
        ...common,
        start_l2: null,
        forwards,
        backwards: forwards,
        queries_to_best: found(forwards - 3),
        grad_zero: false,
        nonfinite: false,
        silent: false,
        reproducible: true,
        seed: index,
        ms: Math.round(random() * 10_000) / 1000,
      },
    };
  });
}

const folder = options.keep ?? mkdtempSync(join(tmpdir(), "gauntlet-outcomes-"));
mkdirSync(folder, { recursive: true });
const catalog = openToyCatalog(folder);
const context = { catalog };

function time<T>(work: () => T): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** Writes what a verify job's folder holds and reads it as the engine does, milliseconds. */
async function timeReading(rows: OutcomeRow[]): Promise<number> {
  const run = join(folder, "run");
  mkdirSync(join(run, "in", "evaluation"), { recursive: true });
  mkdirSync(join(run, "out"), { recursive: true });
  const lines = (of: (row: OutcomeRow) => unknown) =>
    rows.map((row) => `${JSON.stringify(of(row))}\n`).join("");
  writeFileSync(
    join(run, "in", "evaluation", "samples.jsonl"),
    lines(({ claim }) => claim),
  );
  writeFileSync(
    join(run, "out", "verified.jsonl"),
    lines(({ verified }) => verified),
  );
  const start = performance.now();
  const read = await readOutcomes(run);
  const spent = performance.now() - start;
  if (read.length !== rows.length) throw new Error(`${read.length} outcomes were read`);
  return spent;
}

try {
  const { models, attacks, threatModelId } = fillToyCatalog(catalog, { ...counts, classes });
  const writing: number[] = [];
  const reading: number[] = [];
  for (const [model, modelId] of models.entries())
    for (const [attack, attackId] of attacks.entries()) {
      const rows = outcomesOf(model, attack);
      const evaluation = catalog.evaluations.add(modelId, attackId, threatModelId);
      if (writing.length % 50 === 0) reading.push(await timeReading(rows));
      writing.push(time(() => keepOutcomes(catalog, evaluation, rows)));
    }
  const total = writing.reduce((sum, ms) => sum + ms, 0);
  const outcomes = counts.models * counts.attacks * counts.samples;
  const readingMs = quantile(reading, 0.5);

  const rounds = Number(options.rounds);
  const median = (work: () => unknown) =>
    quantile(
      Array.from({ length: rounds }, () => time(work)),
      0.5,
    );
  const board = { set: "all", threatModel: null, epsilons: [], classes: [] };
  const other = new Database(join(folder, "catalog.sqlite"));
  const anew = (set: string) =>
    quantile(
      Array.from({ length: rounds }, () => {
        // Kept scores answer at once; what is measured is a set that was made just now.
        other.exec("DELETE FROM score");
        return time(() => {
          const { ranked } = leaderboard(context, { ...board, set });
          if (ranked.length !== models.length) throw new Error("a model is not ranked");
        });
      }),
      0.5,
    );
  const curve: CurveRequest = {
    models: ["model-7"],
    attacks: "all",
    threatModel: null,
    epsilons: "auto",
    norm: null,
    classes: [],
  };
  const size = `${counts.models}_models`;
  const figures = [
    {
      key: "ingest_outcomes_per_s",
      value: (outcomes / total) * 1000,
      unit: "1/s",
      reach: ">= 200,000",
    },
    {
      key: "ingest_with_reading_files_per_s",
      value: (counts.samples / (total / writing.length + readingMs)) * 1000,
      unit: "1/s",
    },
    { key: "commit_ms_p99", value: quantile(writing, 0.99), unit: "ms" },
    {
      key: `leaderboard_${size}_5_attacks_ms`,
      value: anew("five"),
      unit: "ms",
      reach: "<= 300",
    },
    {
      key: `leaderboard_${size}_${counts.attacks}_attacks_ms`,
      value: anew("all"),
      unit: "ms",
      reach: "<= 300",
    },
    { key: "leaderboard_kept_ms", value: median(() => leaderboard(context, board)), unit: "ms" },
    {
      key: "leaderboard_epsilons_ms",
      value: median(() => leaderboard(context, { ...board, epsilons: [0.5, 1, 2] })),
      unit: "ms",
    },
    {
      key: "class_subset_ms",
      value: median(() => leaderboard(context, { ...board, classes: [3] })),
      unit: "ms",
    },
    {
      key: "curve_ms",
      value: median(() => robustnessCurve(context, curve)),
      unit: "ms",
      reach: "<= 50",
    },
    {
      key: "curve_other_norm_ms",
      value: median(() => robustnessCurve(context, { ...curve, norm: "linf" })),
      unit: "ms",
    },
    {
      key: "matrix_ms",
      value: median(() => robustnessMatrix(context, { attacks: "all", threatModel: null })),
      unit: "ms",
    },
  ];
  other.pragma("wal_checkpoint(TRUNCATE)");
  other.close();
  report("outcomes", [
    ...figures,
    { key: "database_bytes", value: statSync(join(folder, "catalog.sqlite")).size, unit: "bytes" },
  ]);
} finally {
  catalog.close();
  if (options.keep === undefined) rmSync(folder, { recursive: true, force: true });
}
