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
import { type Figure, quantile, report } from "../support/benchmark.ts";
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

type Spent = { wall: number; cpu: number };

/** Milliseconds by the clock, and of processor time: on a busy machine only the second says much. */
function time(work: () => unknown): Spent {
  const usage = process.cpuUsage();
  const start = performance.now();
  work();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(usage);
  return { wall, cpu: (user + system) / 1000 };
}

/** The median of several, each by itself. */
function medianOf(spent: readonly Spent[]): Spent {
  return {
    wall: quantile(
      spent.map(({ wall }) => wall),
      0.5,
    ),
    cpu: quantile(
      spent.map(({ cpu }) => cpu),
      0.5,
    ),
  };
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
  const writing: Spent[] = [];
  const reading: number[] = [];
  for (const [model, modelId] of models.entries())
    for (const [attack, attackId] of attacks.entries()) {
      const rows = outcomesOf(model, attack);
      const evaluation = catalog.evaluations.add(modelId, attackId, threatModelId);
      if (writing.length % 50 === 0) reading.push(await timeReading(rows));
      writing.push(time(() => keepOutcomes(catalog, evaluation, rows)));
    }
  const total = writing.reduce(
    (sum, { wall, cpu }) => ({ wall: sum.wall + wall, cpu: sum.cpu + cpu }),
    { wall: 0, cpu: 0 },
  );
  const outcomes = counts.models * counts.attacks * counts.samples;
  const perFile = total.wall / writing.length + quantile(reading, 0.5);

  const rounds = Number(options.rounds);
  const board = { set: "all", threatModel: null, epsilons: [], classes: [] };
  const other = new Database(join(folder, "catalog.sqlite"));
  const measure = (work: () => unknown, before: () => void = () => undefined): Spent =>
    medianOf(
      Array.from({ length: rounds }, () => {
        before();
        return time(work);
      }),
    );
  // Kept scores answer at once; what is measured is a set that was made just now.
  const anew = (set: string) =>
    measure(
      () => {
        const { ranked } = leaderboard(context, { ...board, set });
        if (ranked.length !== models.length) throw new Error("a model is not ranked");
      },
      () => other.exec("DELETE FROM score"),
    );
  const curve: CurveRequest = {
    models: ["model-7"],
    attacks: "all",
    threatModel: null,
    epsilons: "auto",
    norm: null,
    classes: [],
  };
  const ms = (key: string, { wall, cpu }: Spent, reach?: string) => [
    { key: `${key}_ms`, value: wall, unit: "ms", reach },
    { key: `${key}_cpu_ms`, value: cpu, unit: "ms" },
  ];
  const board200 = `leaderboard_${counts.models}_models`;
  const perSecond = (milliseconds: number) => (outcomes / milliseconds) * 1000;
  const figures: Figure[] = [
    {
      key: "ingest_outcomes_per_s",
      value: perSecond(total.wall),
      unit: "1/s",
      reach: ">= 200,000",
    },
    { key: "ingest_outcomes_per_cpu_s", value: perSecond(total.cpu), unit: "1/s" },
    {
      key: "ingest_with_reading_files_per_s",
      value: (counts.samples / perFile) * 1000,
      unit: "1/s",
    },
    ...ms(`${board200}_5_attacks`, anew("five"), "<= 300"),
    ...ms(`${board200}_${counts.attacks}_attacks`, anew("all"), "<= 300"),
    ...ms(
      "leaderboard_kept",
      measure(() => leaderboard(context, board)),
    ),
    ...ms(
      "leaderboard_epsilons",
      measure(() => leaderboard(context, { ...board, epsilons: [0.5, 1, 2] })),
    ),
    ...ms(
      "class_subset",
      measure(() => leaderboard(context, { ...board, classes: [3] })),
    ),
    ...ms(
      "curve",
      measure(() => robustnessCurve(context, curve)),
      "<= 50",
    ),
    ...ms(
      "curve_other_norm",
      measure(() => robustnessCurve(context, { ...curve, norm: "linf" })),
    ),
    ...ms(
      "matrix",
      measure(() => robustnessMatrix(context, { attacks: "all", threatModel: null })),
    ),
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
