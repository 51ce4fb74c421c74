import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { distancesBetween } from "../../core/domain/distance.ts";
import { sampleSeed } from "../../core/domain/seed.ts";
import type { FolderOptions, TestFolder } from "../testing/run-folder.ts";
import {
  idsOf,
  largestOf,
  linear,
  linearLogits,
  makeRunFolder,
  readEvaluation,
  removeFolder,
  runAgent,
  size,
} from "../testing/run-folder.ts";

const hasPython = spawnSync("python3", ["--version"]).status === 0;
const hasNumpy = hasPython && spawnSync("python3", ["-c", "import numpy"]).status === 0;

/** A folder in which `import numpy` fails, for PYTHONPATH. */
let withoutNumpy: string;
beforeAll(async () => {
  withoutNumpy = await mkdtemp(join(tmpdir(), "gauntlet-no-numpy-"));
  await writeFile(join(withoutNumpy, "numpy.py"), "raise ImportError('not for this test')\n");
});
afterAll(() => rm(withoutNumpy, { recursive: true }));

const folders: TestFolder[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await removeFolder(folder);
});

async function folderFor(options: FolderOptions): Promise<TestFolder> {
  const folder = await makeRunFolder(options);
  folders.push(folder);
  return folder;
}

async function evaluated(options: FolderOptions, env: Record<string, string> = {}) {
  const folder = await folderFor(options);
  const ended = await runAgent("evaluate", folder, env);
  return { folder, ended, ...(await readEvaluation(folder)) };
}

/** Checks what every evaluation of the linear classifier has to keep, whatever the attack. */
function expectTruth({ folder, records, array }: Awaited<ReturnType<typeof evaluated>>) {
  expect(records.map(({ sample }) => sample)).toEqual(idsOf(folder));
  expect(records.map(({ label }) => label)).toEqual(folder.labels);
  expect(array.shape).toEqual([60, 1, 2, 2]);
  const attack = `${folder.job.attack?.name}@${folder.job.attack?.version}`;
  records.forEach((record, i) => {
    const clean = folder.x.subarray(i * size, (i + 1) * size);
    const row = array.data.subarray(i * size, (i + 1) * size);
    const right = largestOf(linearLogits(clean));
    expect(record.clean_pred).toBe(right);
    expect(record.outcome === "misclassified").toBe(right !== record.label);
    expect(record.seed).toBe(sampleSeed(7, attack, record.sample));
    expect(record.index).toBe(59 - i);
    if (record.outcome === "fooled") {
      expect(record.adv_pred).not.toBe(record.label);
      expect(record.adv_pred).toBe(largestOf(linearLogits(row)));
      expect(record.adv_margin).toBeGreaterThan(0);
      expect(record).toMatchObject(distancesBetween(clean, row));
    } else {
      expect([...row]).toEqual([...clean]);
      expect([record.l2, record.adv_pred, record.queries_to_best]).toEqual([null, null, null]);
    }
  });
}

/** The distance to the nearest decision boundary, which no attack can go below. */
function boundaryDistance(x: Float32Array, label: number): number {
  const logits = linearLogits(x);
  const distances = linear.weights.flatMap((row, k) => {
    if (k === label) return [];
    const difference = row.map((weight, j) => weight - (linear.weights[label]?.[j] ?? 0));
    return [((logits[label] ?? 0) - (logits[k] ?? 0)) / Math.hypot(...difference)];
  });
  return Math.min(...distances);
}

/** What of an evaluation may not depend on which kit asks which. */
function distancesOf({ records }: Awaited<ReturnType<typeof evaluated>>) {
  return records.map(({ l2 }) => (l2 === null ? null : Number(l2.toFixed(4))));
}

describe("a hand-written model meets a hand-written attack", () => {
  test("in this process: the exact distances of a linear model", async () => {
    const result = await evaluated({ model: "linear-js", attack: ["gradient", "gradient"] });
    expect(result.ended).toMatchObject({ status: 0, stderr: "" });
    expectTruth(result);
    const { folder, records } = result;
    const fooled = records.filter(({ outcome }) => outcome === "fooled");
    expect(fooled.length).toBeGreaterThan(45);
    let exact = 0;
    for (const [i, record] of records.entries()) {
      if (record.outcome !== "fooled") continue;
      const least = boundaryDistance(folder.x.subarray(i * size, (i + 1) * size), record.label);
      expect(record.l2).toBeGreaterThanOrEqual(least * 0.9999);
      if (record.l2 !== null && record.l2 < least * 1.002) exact++;
      expect(record.grad_zero).toBe(false);
      expect(record.backwards).toBe(15);
    }
    // The rest meets the bounds on its way.
    expect(exact).toBeGreaterThan(30);
  });

  test("from a float32 dataset the same", async () => {
    const attack: [string, string] = ["gradient", "gradient"];
    const bytes = await evaluated({ model: "linear-js", attack });
    const floats = await evaluated({ model: "linear-js", attack, dtype: "float32" });
    expectTruth(floats);
    expect(distancesOf(floats)).toEqual(distancesOf(bytes));
  });

  test("over HTTP: a model that a command serves", async () => {
    const result = await evaluated({ model: "linear-served", attack: ["search", "search"] });
    expect(result.ended).toMatchObject({ status: 0, stderr: "" });
    expectTruth(result);
    expect(result.records.filter(({ outcome }) => outcome === "fooled").length).toBe(58);
    const inProcess = await evaluated({ model: "linear-js", attack: ["search", "search"] });
    expect(distancesOf(result)).toEqual(distancesOf(inProcess));
  });

  test("over HTTP: an attack that is a program, with claims of its own", async () => {
    const result = await evaluated({
      model: "linear-js",
      attack: ["search-command", "search-command"],
    });
    expect(result.ended).toMatchObject({ status: 0, stderr: "" });
    expectTruth(result);
    expect(result.ended.stdout).toContain("1 lines of out/attack/samples.jsonl are no claims.");
    expect(result.ended.stdout).toContain("1 lines of out/attack/samples.jsonl name no attacked");
    const fooled = result.records.filter(({ outcome }) => outcome === "fooled");
    expect(fooled.length).toBe(58);
    for (const { start_l2: start, l2, forwards, queries_to_best: best } of fooled) {
      expect(start).toBeGreaterThanOrEqual(l2 ?? Infinity);
      expect(forwards).toBeGreaterThan(8);
      expect(best).toBeLessThanOrEqual(forwards);
    }
  });

  test("its result does not depend on which samples are misclassified beside it", async () => {
    const attack: [string, string] = ["search", "search"];
    const few = await evaluated({ model: "linear-js", attack, mislabelled: [] });
    const many = await evaluated({ model: "linear-js", attack, mislabelled: [0, 1, 2, 10, 51] });
    const common = [...few.records.entries()].filter(([i]) => ![0, 1, 2, 10, 51].includes(i));
    for (const [i, record] of common)
      expect(many.records[i]).toEqual({ ...record, ms: many.records[i]?.ms });
  });

  test("summary and metrics tell the same as the records", async () => {
    const { folder, records, summary } = await evaluated({
      model: "linear-js",
      attack: ["search", "search"],
    });
    const sum = (name: "forwards" | "backwards") =>
      records.reduce((total, record) => total + record[name], 0);
    const distances = records.flatMap(({ l2 }) => (l2 === null ? [] : [l2])).sort((a, b) => a - b);
    expect(summary).toMatchObject({
      samples: 60,
      fooled: 58,
      misclassified: 2,
      "not-fooled": 0,
      error: 0,
      median_l2: ((distances[28] ?? 0) + (distances[29] ?? 0)) / 2,
      forwards: sum("forwards"),
      backwards: 0,
    });
    const metrics = (await readFile(join(folder.root, "out/metrics.jsonl"), "utf8")).trim();
    expect(metrics.split("\n").map((line): unknown => JSON.parse(line))).toMatchObject([
      { step: 50, attacked: 49, fooled: 49 },
      { step: 60, attacked: 58, fooled: 58 },
    ]);
  });
});

const kits = [
  ["a Python model and a JavaScript attack", "linear-py", "gradient"],
  ["a JavaScript model and a Python attack", "linear-js", "gradient-python"],
  ["a Python model and a Python attack", "linear-py", "gradient-python"],
] as const;

describe.skipIf(!hasPython)("Python (needs python3 on PATH)", () => {
  test.each(kits)("%s meet without NumPy", async (_, model, name) => {
    const attack: [string, string] = ["gradient", name];
    const result = await evaluated({ model, attack }, { PYTHONPATH: withoutNumpy });
    expect(result.ended).toMatchObject({ status: 0, stderr: "" });
    expectTruth(result);
    const plain = await evaluated({ model: "linear-js", attack: ["gradient", "gradient"] });
    expect(distancesOf(result)).toEqual(distancesOf(plain));
  });

  test.skipIf(!hasNumpy).each(kits)(
    "%s meet with NumPy (needs numpy for python3)",
    async (_, model, name) => {
      const result = await evaluated({ model, attack: ["gradient", name] });
      expect(result.ended).toMatchObject({ status: 0, stderr: "" });
      expectTruth(result);
      const plain = await evaluated({ model: "linear-js", attack: ["gradient", "gradient"] });
      expect(distancesOf(result)).toEqual(distancesOf(plain));
    },
  );

  test("a Python attack that raises fails its group, with a traceback in the log", async () => {
    const { ended, records } = await evaluated({
      model: "linear-js",
      attack: ["misbehaving", "crashing-python"],
    });
    expect(ended.status).toBe(0);
    expect(ended.stderr).toContain("Traceback");
    expect(ended.stderr).toContain("misbehaving.py");
    expect(records.slice(0, 50).some(({ outcome }) => outcome === "error")).toBe(false);
    expect(records[50]).toMatchObject({
      outcome: "error",
      error: "RuntimeError: cannot work like this",
    });
  });

  test("a Python attack that dies in one group is there for the next", async () => {
    const { ended, records } = await evaluated({
      model: "linear-js",
      attack: ["misbehaving", "dying-python"],
    });
    expect(ended.status).toBe(0);
    expect(records[0]).toMatchObject({
      outcome: "error",
      error: "The attack's program ended with status 7.",
    });
    expect(records[50]).toMatchObject({ outcome: "not-fooled" });
  });

  test("a Python attack gets no more than its access", async () => {
    const { ended, records } = await evaluated({
      model: "linear-js",
      attack: ["misbehaving", "nosy-python"],
    });
    expect(ended.status).toBe(1);
    expect(records[0]?.error).toContain("vjp is not open to a decision-based attack");
  });

  test("a Python attack that cannot be loaded fails once, with its traceback", async () => {
    const folder = await folderFor({ model: "linear-js", attack: ["gradient", "gradient-python"] });
    await writeFile(join(folder.root, "in/attack/gradient.py"), "import nothing_of_the_kind\n");
    const ended = await runAgent("evaluate", folder);
    expect(ended.status).toBe(1);
    expect(ended.stderr.match(/Traceback/g)).toHaveLength(1);
    expect((await readEvaluation(folder)).summary).toMatchObject({ error: 58 });
  });

  test("a Python model that raises ends the job with its traceback", async () => {
    const folder = await folderFor({ model: "linear-py", attack: ["search", "search"] });
    const model = "class M:\n  def logits(self, x): raise RuntimeError('out of paper')\n";
    await writeFile(join(folder.root, "in/code/model.py"), `${model}def load(f): return M()\n`);
    const ended = await runAgent("evaluate", folder);
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(/Traceback[^]*RuntimeError: out of paper/);
  });
});

describe("an attack that breaks the rules", () => {
  test("is refused what its access does not allow", async () => {
    const result = await evaluated({ model: "linear-js", attack: ["misbehaving", "nosy"] });
    expect(result.ended.status).toBe(1);
    expectTruth(result);
    const attacked = result.records.filter(({ outcome }) => outcome !== "misclassified");
    for (const record of attacked)
      expect(record).toMatchObject({
        outcome: "error",
        error: "vjp is not open to a decision-based attack.",
        backwards: 0,
      });
  });

  test("spends its budget and no more", async () => {
    const result = await evaluated({
      model: "linear-js",
      attack: ["misbehaving", "greedy"],
      threat: { queries: 25 },
    });
    expect(result.ended).toMatchObject({ status: 0, stderr: "" });
    expectTruth(result);
    for (const record of result.records) {
      if (record.outcome === "misclassified") expect(record.forwards).toBe(0);
      else expect(record).toMatchObject({ outcome: "budget-spent", forwards: 25, backwards: 0 });
    }
  });

  test("and forgets what it found is helped by the gate, and told of", async () => {
    const result = await evaluated({ model: "linear-js", attack: ["misbehaving", "forgetful"] });
    expect(result.ended).toMatchObject({ status: 0, stderr: "" });
    expectTruth(result);
    const attacked = result.records.filter(({ outcome }) => outcome !== "misclassified");
    expect(attacked.length).toBe(58);
    for (const { outcome, silent, forwards, queries_to_best: best } of attacked) {
      expect([outcome, silent, forwards]).toEqual(["fooled", true, 40]);
      expect(best).toBeGreaterThan(0);
    }
    expect(new Set(attacked.map(({ queries_to_best: best }) => best)).size).toBeGreaterThan(5);
  });

  test("and throws loses its group only", async () => {
    const result = await evaluated({ model: "linear-js", attack: ["misbehaving", "crashing"] });
    expect(result.ended.status).toBe(0);
    expect(result.ended.stderr).toContain("misbehaving.js");
    expect(result.ended.stdout).toContain("the attack failed: cannot\n");
    expectTruth(result);
    const outcomes = result.records.map(({ outcome }) => outcome);
    expect(outcomes.slice(0, 50).filter((outcome) => outcome === "fooled").length).toBe(49);
    expect(outcomes.slice(50).filter((outcome) => outcome === "error").length).toBe(9);
    expect(result.records[50]?.error).toBe("cannot\nwork like this");
  });

  test("and leaves the bounds has found nothing", async () => {
    const result = await evaluated({ model: "linear-js", attack: ["misbehaving", "outside"] });
    expect(result.ended).toMatchObject({ status: 0, stderr: "" });
    expect(result.ended.stdout).toContain("49 returned rows leave the bounds and do not count.");
    expectTruth(result);
    expect(result.summary).toMatchObject({ fooled: 0, "not-fooled": 58, median_l2: null });
  });

  test("and returns too little fails everywhere, so the job fails", async () => {
    const result = await evaluated({ model: "linear-js", attack: ["misbehaving", "short"] });
    expect(result.ended.status).toBe(1);
    expectTruth(result);
    expect(result.summary).toMatchObject({ error: 58 });
  });

  test("and ends with another status than 0 fails, so the job fails", async () => {
    const result = await evaluated({
      model: "linear-js",
      attack: ["misbehaving", "failing-command"],
    });
    expect(result.ended.status).toBe(1);
    expect(result.records[0]?.error).toBe("The attack's program ended with status 3.");
  });
});

describe("a fixed epsilon", () => {
  test("is what decides whether a sample is fooled", async () => {
    const attack: [string, string] = ["gradient", "gradient"];
    const free = await evaluated({ model: "linear-js", attack });
    const result = await evaluated({ model: "linear-js", attack, threat: { epsilon: 0.2 } });
    expectTruth(result);
    for (const [i, record] of result.records.entries()) {
      const { l2 = null } = free.records[i] ?? {};
      if (record.outcome === "misclassified") continue;
      expect(record.outcome).toBe(l2 !== null && l2 <= 0.2 ? "fooled" : "not-fooled");
    }
    expect(result.summary).not.toMatchObject({ fooled: 0 });
    expect(result.summary).not.toMatchObject({ "not-fooled": 0 });
  });
});

describe("a model", () => {
  test("of NaN is wrong about everything, and nothing is attacked", async () => {
    const { ended, records } = await evaluated({ model: "nan-js", attack: ["search", "search"] });
    expect(ended).toMatchObject({ status: 0, stderr: "" });
    for (const record of records)
      expect(record).toMatchObject({
        outcome: "misclassified",
        clean_pred: -1,
        clean_margin: null,
        nonfinite: true,
        forwards: 0,
      });
  });

  test.each([
    ["without the function", "export const other = 1;", "model.js exports no function named load."],
    ["without logits", "export const load = () => ({});", "has no function logits"],
    [
      "of another number of classes",
      "export const load = () => ({ logits: (x, n) => new Float32Array(n * 2) });",
      "gave 100 values for 50 samples; 50 x 3 are right",
    ],
    [
      "that answers no array",
      "export const load = () => ({ logits: () => 'cat' });",
      "did not return a Float32Array",
    ],
    [
      "that changes its input",
      "export const load = () => ({ logits: (x, n) => (x.fill(0), new Float32Array(n * 3)) });",
      "changes the array it is given",
    ],
  ])("%s is told of in a sentence", async (_, code, message) => {
    const folder = await folderFor({ model: "linear-js", attack: ["search", "search"] });
    await writeFile(join(folder.root, "in/code/model.js"), code);
    const ended = await runAgent("evaluate", folder);
    expect(ended.status).toBe(1);
    expect(ended.stderr).toContain(message);
  });

  test("whose command ends is not waited for", async () => {
    const folder = await folderFor({ model: "linear-served", attack: ["search", "search"] });
    await writeFile(join(folder.root, "in/code/serve.mjs"), "process.exit(4);");
    const ended = await runAgent("evaluate", folder);
    expect(ended.status).toBe(1);
    expect(ended.stderr).toContain("The model's program ended with status 4.");
  });

  test("with saturated logits has no gradient at the clean sample", async () => {
    const folder = await folderFor({ model: "linear-js", attack: ["gradient", "gradient"] });
    const steep = {
      weights: linear.weights.map((row) => row.map((weight) => weight * 5000)),
      bias: linear.bias.map((value) => value * 5000),
    };
    await writeFile(join(folder.root, "in/model/weights.json"), JSON.stringify(steep));
    await runAgent("evaluate", folder);
    const { records } = await readEvaluation(folder);
    const flagged = records.filter(({ grad_zero: zero }) => zero === true);
    expect(flagged.length).toBeGreaterThan(45);
  });
});

test("a dataset of another shape than the model's is refused", async () => {
  const folder = await folderFor({ model: "linear-js", attack: ["search", "search"] });
  const job = structuredClone(folder.job);
  if (job.model) job.model.input.shape = [4];
  await writeFile(join(folder.root, "job.json"), JSON.stringify(job));
  const ended = await runAgent("evaluate", folder);
  expect(ended.status).toBe(1);
  expect(ended.stderr).toContain("The model takes samples of shape (4), the dataset has (1,2,2).");
});
