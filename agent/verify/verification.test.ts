import { cp, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { bytesOf, decodeNpy, encodeNpy } from "../../shared/npy.ts";
import type { SampleRecord } from "../../shared/schemas/samples.ts";
import type { FolderOptions, TestFolder } from "../testing/run-folder.ts";
import {
  idsOf,
  largestOf,
  linearLogits,
  makeRunFolder,
  readEvaluation,
  readVerification,
  removeFolder,
  runAgent,
  size,
  toVerifyFolder,
} from "../testing/run-folder.ts";

const folders: TestFolder[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await removeFolder(folder);
});

const search: FolderOptions = { model: "linear-js", attack: ["search", "search"] };
/** One evaluation, which most tests take a copy of. */
let usual: Awaited<ReturnType<typeof evaluationOf>>;
beforeAll(async () => {
  usual = await evaluationOf(search);
});
afterAll(() => removeFolder(usual.folder));

async function evaluationOf(options: FolderOptions) {
  const folder = await makeRunFolder(options);
  const ended = await runAgent("evaluate", folder);
  const evaluation = await readEvaluation(folder);
  await toVerifyFolder(folder);
  return { folder, ended, records: evaluation.records, rows: evaluation.array.data };
}

/** A verify job's folder, with what a real evaluation left; the test's own. */
async function afterEvaluation(options?: FolderOptions) {
  const evaluation = options ? await evaluationOf(options) : await copyOf(usual);
  folders.push(evaluation.folder);
  return evaluation;
}

async function copyOf(evaluation: typeof usual): Promise<typeof usual> {
  const root = await mkdtemp(join(tmpdir(), "gauntlet-agent-"));
  await cp(evaluation.folder.root, root, { recursive: true });
  const rows = evaluation.rows.slice();
  return { ...evaluation, folder: { ...evaluation.folder, root }, rows };
}

type Prepared = Awaited<ReturnType<typeof afterEvaluation>>;

async function writeRecords(folder: TestFolder, lines: readonly unknown[]): Promise<void> {
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
  await writeFile(join(folder.root, "in/evaluation/samples.jsonl"), `${text.join("\n")}\n`);
}

async function writeRows(folder: TestFolder, rows: Float32Array): Promise<void> {
  const shape = [rows.length / size, 1, 2, 2];
  const bytes = encodeNpy({ dtype: "<f4", shape, data: rows });
  await writeFile(join(folder.root, "in/evaluation/adversarial.npy"), bytes);
}

async function verified(folder: TestFolder) {
  const ended = await runAgent("verify", folder);
  expect(ended).toMatchObject({ status: 0, stderr: "" });
  const { records, summary } = await readVerification(folder);
  expect(records.map(({ sample }) => sample)).toEqual(idsOf(folder));
  expect(records.map(({ label }) => label)).toEqual(folder.labels);
  return { records, summary };
}

function changed(records: SampleRecord[], position: number, changes: Partial<SampleRecord>) {
  return records.map((record, i) => (i === position ? { ...record, ...changes } : record));
}

describe("an honest evaluation", () => {
  test("is verified, with the distances of a computation of its own", async () => {
    const { folder, rows, records: claims } = await afterEvaluation();
    const { records, summary } = await verified(folder);
    expect(summary).toMatchObject({ samples: 60, verified: 60, fooled: 58, claim_mismatches: 0 });
    records.forEach((record, i) => {
      const clean = [...folder.x.subarray(i * size, (i + 1) * size)];
      const row = [...rows.subarray(i * size, (i + 1) * size)];
      const farthest = clean.map((value) => Math.max(value, 1 - value));
      expect(record.worst_case).toBeCloseTo(Math.hypot(...farthest), 10);
      expect(record.clean_pred).toBe(largestOf(linearLogits(clean)));
      expect(record.outcome).toBe(claims[i]?.outcome);
      if (record.outcome === "misclassified") {
        expect([record.l2, record.adv_pred]).toEqual([null, null]);
        expect(record.clean_pred).not.toBe(record.label);
        return;
      }
      const differences = row.map((value, j) => Math.abs(value - (clean[j] ?? 0)));
      expect(record.l0).toBe(differences.filter(Boolean).length);
      expect(record.l1).toBeCloseTo(
        differences.reduce((a, b) => a + b),
        10,
      );
      expect(record.l2).toBeCloseTo(Math.hypot(...differences), 10);
      expect(record.linf).toBe(Math.max(...differences));
      expect(record.adv_pred).toBe(largestOf(linearLogits(row)));
      expect(record.adv_pred).not.toBe(record.label);
    });
  });

  test("is verified by a model over HTTP the same", async () => {
    const { folder } = await afterEvaluation({ ...search, model: "linear-served" });
    expect((await verified(folder)).summary).toMatchObject({ verified: 60, fooled: 58 });
  });

  test("that found nothing stays that", async () => {
    const { folder } = await afterEvaluation({
      model: "linear-js",
      attack: ["misbehaving", "outside"],
    });
    const { records } = await verified(folder);
    const attacked = records.filter(({ outcome }) => outcome === "not-fooled");
    expect(attacked.length).toBe(58);
    for (const record of attacked)
      expect(record).toMatchObject({ verdict: "verified", l2: null, adv_pred: null });
  });

  test("with an error in a group is missing there, with the error's text", async () => {
    const { folder } = await afterEvaluation({
      model: "linear-js",
      attack: ["misbehaving", "crashing"],
    });
    const { records, summary } = await verified(folder);
    expect(summary).toMatchObject({ missing: 9, verified: 51 });
    expect(records[50]).toMatchObject({
      verdict: "missing",
      outcome: "error",
      reason: null,
      detail: "cannot\nwork like this",
    });
  });

  test("of a model of NaN says that everything is misclassified", async () => {
    const { folder } = await afterEvaluation({ ...search, model: "nan-js" });
    const { records } = await verified(folder);
    for (const record of records)
      expect(record).toMatchObject({
        verdict: "verified",
        outcome: "misclassified",
        clean_pred: -1,
      });
  });

  test("of a model that depends on the batch is rejected", async () => {
    const { folder } = await afterEvaluation({ ...search, model: "unstable-js" });
    const { summary } = await verified(folder);
    expect(summary).toMatchObject({ rejected: 60, "rejected/unstable-prediction": 60 });
  });
});

describe("a lie scores nothing:", () => {
  test("about everything at once", async () => {
    const {
      folder,
      ended,
      records: claims,
    } = await afterEvaluation({
      model: "linear-js",
      attack: ["liar", "liar"],
    });
    expect(ended.status).toBe(0);
    expect(claims.filter(({ outcome, l2 }) => outcome === "fooled" && l2 === 0.001).length).toBe(
      58,
    );
    const { records, summary } = await verified(folder);
    expect(summary).toMatchObject({ rejected: 58, fooled: 0, claim_mismatches: 58 });
    for (const record of records) {
      // What it did not attack it could not lie about.
      if (record.outcome === "misclassified") continue;
      expect(record).toMatchObject({
        verdict: "rejected",
        reason: "claimed-label-wrong",
        claim_mismatch: true,
        l2: 0,
      });
    }
  });

  type Change = (prepared: Prepared) => Partial<SampleRecord>;
  const cases: [string, Change, object][] = [
    [
      "the label",
      ({ records }) => ({ label: ((records[0]?.label ?? 0) + 1) % 3 }),
      { reason: "claimed-label-wrong" },
    ],
    [
      "the clean prediction",
      ({ records }) => ({ clean_pred: ((records[0]?.clean_pred ?? 0) + 1) % 3 }),
      { reason: "clean-prediction-differs" },
    ],
    [
      "that the clean sample is misclassified, which would count 0",
      () => ({ outcome: "misclassified" }),
      { reason: "clean-prediction-differs" },
    ],
    [
      "the index",
      () => ({ index: 3 }),
      { reason: "malformed", detail: "index: 3, the sample's is 59" },
    ],
  ];
  test.each(cases)("%s", async (_, change, expected) => {
    const prepared = await afterEvaluation();
    const { folder, records } = prepared;
    await writeRecords(folder, changed(records, 0, change(prepared)));
    const result = await verified(folder);
    expect(result.records[0]).toMatchObject({ verdict: "rejected", ...expected });
    expect(result.summary).toMatchObject({ rejected: 1, verified: 59 });
  });

  test("about a distance: ours is used", async () => {
    const { folder, records } = await afterEvaluation();
    const real = records[0]?.l2 ?? 0;
    await writeRecords(folder, changed(records, 0, { l2: real - 2e-4 }));
    const result = await verified(folder);
    expect(result.records[0]).toMatchObject({
      verdict: "verified",
      claim_mismatch: true,
      l2: real,
    });
    expect(result.records[1]).toMatchObject({ claim_mismatch: false });
    await writeRecords(folder, changed(records, 0, { l2: real - 5e-5 }));
    expect((await verified(folder)).records[0]).toMatchObject({ claim_mismatch: false });
  });

  test("about which wrong class it is: told of, and no more", async () => {
    const { folder, records } = await afterEvaluation();
    const [first] = records;
    const other = [0, 1, 2].find((k) => k !== first?.label && k !== first?.adv_pred);
    await writeRecords(folder, changed(records, 0, { adv_pred: other }));
    const result = await verified(folder);
    expect(result.records[0]).toMatchObject({
      verdict: "verified",
      adv_pred: first?.adv_pred,
      detail: `claimed class ${other}, the model says ${first?.adv_pred}`,
    });
  });

  test("that nothing was found, where the array fools the model: nothing found is lost", async () => {
    const { folder, records } = await afterEvaluation();
    const nothing = { adv_pred: null, l0: null, l1: null, l2: null, linf: null };
    await writeRecords(folder, changed(records, 0, { outcome: "not-fooled", ...nothing }));
    const result = await verified(folder);
    expect(result.records[0]).toMatchObject({
      verdict: "verified",
      outcome: "fooled",
      l2: records[0]?.l2,
      claim_mismatch: false,
    });
  });
});

describe("a row of the array", () => {
  test.each<[string, (row: Float32Array, clean: Float32Array) => void, string]>([
    ["that is the clean sample", (row, clean) => row.set(clean), "not-adversarial"],
    [
      "that the model gets right",
      (row, clean) => row.set(clean.map((value) => value * 0.999)),
      "not-adversarial",
    ],
    ["that holds NaN", (row) => (row[1] = Number.NaN), "not-finite"],
    ["that holds infinity", (row) => (row[1] = Infinity), "not-finite"],
    ["that leaves the bounds", (row) => (row[1] = 1.001), "out-of-bounds"],
  ])("%s is rejected", async (_, change, reason) => {
    const { folder, rows } = await afterEvaluation();
    change(rows.subarray(0, size), folder.x.subarray(0, size));
    await writeRows(folder, rows);
    const result = await verified(folder);
    expect(result.records[0]).toMatchObject({ verdict: "rejected", reason, outcome: "fooled" });
    expect(result.summary).toMatchObject({ verified: 59 });
  });

  test("beyond a fixed epsilon is rejected", async () => {
    const { folder, records } = await afterEvaluation();
    const job = { ...folder.job, stage: "verify", attack: undefined };
    const threat = { norm: "l2", minimal: false, epsilon: 0.3, bounds: [0, 1], targeted: false };
    await writeFile(
      join(folder.root, "job.json"),
      JSON.stringify({ ...job, threat_model: threat }),
    );
    const result = await verified(folder);
    records.forEach(({ outcome, l2 }, i) => {
      if (outcome !== "fooled" || l2 === null) return;
      const expected = l2 <= 0.3 ? { verdict: "verified" } : { reason: "over-epsilon" };
      expect(result.records[i]).toMatchObject(expected);
    });
    expect(result.summary).not.toMatchObject({ "rejected/over-epsilon": 0 });
    expect(result.summary).not.toMatchObject({ fooled: 0 });
  });
});

describe("samples.jsonl", () => {
  test("that is missing claims nothing", async () => {
    const { folder } = await afterEvaluation();
    await rm(join(folder.root, "in/evaluation/samples.jsonl"));
    const { summary, records } = await verified(folder);
    expect(summary).toMatchObject({ missing: 60, verified: 0, rejected: 0 });
    expect(records[0]).toMatchObject({ verdict: "missing", outcome: null, reason: null });
  });

  test("that is no file but a folder or a device claims nothing", async () => {
    const { folder } = await afterEvaluation();
    const path = join(folder.root, "in/evaluation/samples.jsonl");
    await rm(path);
    await mkdir(path);
    expect((await verified(folder)).summary).toMatchObject({ missing: 60 });
    await rm(path, { recursive: true });
    await symlink("/dev/zero", path);
    expect((await verified(folder)).summary).toMatchObject({ missing: 60 });
  });

  test("with garbage, an endless line, missing, doubled and unknown samples loses only those", async () => {
    const { folder, records } = await afterEvaluation();
    const [r0, r1, r2, r3, r4, r5, r6, r7, ...rest] = records.map((record) =>
      JSON.stringify(record),
    );
    const lines = [
      r0,
      "not JSON",
      "",
      "null",
      "[1]",
      '{"no": "sample"}',
      `{"sample": "${"x".repeat(200_000)}"}`,
      r1?.slice(0, 40),
      r2?.replace(/"l2":[^,]+/, '"l2":NaN'),
      JSON.stringify({ ...records[4], l2: -1 }),
      r5?.replace(/"outcome":"[^"]+"/, '"outcome":"won"'),
      r6,
      r6,
      JSON.stringify({ ...records[7], sample: "test-0009999" }),
      ...rest,
    ];
    expect([r3, r4, r7].every(Boolean)).toBe(true);
    await writeRecords(folder, lines);
    const result = await verified(folder);
    const verdicts = result.records.slice(0, 8).map(({ verdict, reason }) => reason ?? verdict);
    expect(verdicts).toEqual([
      "verified",
      "malformed",
      "malformed",
      "missing",
      "malformed",
      "malformed",
      "doubled",
      "missing",
    ]);
    expect(result.records[4]?.detail).toMatch(/^l2: /);
    expect(result.records[5]?.detail).toMatch(/^outcome: /);
    expect(result.summary).toMatchObject({
      verified: 53,
      rejected: 5,
      missing: 2,
      bad_lines: 5,
      unknown_lines: 1,
      doubled_lines: 1,
    });
  });

  test("with a line of 256 MB loses only that", async () => {
    const { folder, records } = await afterEvaluation();
    await writeRecords(folder, records.slice(0, 30));
    const path = join(folder.root, "in/evaluation/samples.jsonl");
    await truncate(path, 2 ** 28);
    expect((await verified(folder)).summary).toMatchObject({
      verified: 30,
      missing: 30,
      bad_lines: 1,
    });
  });
});

describe("adversarial.npy", () => {
  const breakages: [string, (path: string, rows: Float32Array) => Promise<void>, RegExp][] = [
    ["that is missing", (path) => rm(path), /left no adversarial.npy/],
    ["that is cut", (path) => truncate(path, 500), /claims 960 bytes of data, 372 are there/],
    ["that is empty", (path) => truncate(path, 0), /too short/],
    ["that is longer", (path) => truncate(path, 5000), /claims 960 bytes/],
    ["that is text", (path) => writeFile(path, "hello, this is no array"), /not a .npy array/],
    [
      "of another shape",
      (path, rows) =>
        writeFile(path, encodeNpy({ dtype: "<f4", shape: [60, 4], data: Float32Array.from(rows) })),
      /<f4 \(60,4\); <f4 \(60,1,2,2\) is right/,
    ],
    [
      "of another type",
      (path, rows) =>
        writeFile(
          path,
          encodeNpy({ dtype: "<f8", shape: [60, 1, 2, 2], data: Float64Array.from(rows) }),
        ),
      /<f8/,
    ],
    [
      "that claims more rows than it has",
      async (path) => {
        const bytes = await readFile(path);
        const at = bytes.indexOf("60,");
        bytes.write("6000000000", at);
        await writeFile(path, bytes);
      },
      /.npy/,
    ],
  ];
  test.each(breakages)("%s leaves only misclassified samples", async (_, damage, detail) => {
    const { folder, rows } = await afterEvaluation();
    await damage(join(folder.root, "in/evaluation/adversarial.npy"), rows);
    const { records, summary } = await verified(folder);
    expect(summary).toMatchObject({
      verified: 2,
      rejected: 58,
      fooled: 0,
      "rejected/no-array": 58,
    });
    expect(records[0]).toMatchObject({ verdict: "rejected", reason: "no-array", l2: null });
    expect(records[0]?.detail).toMatch(detail);
  });

  test("is read as it was written", async () => {
    const { folder, rows } = await afterEvaluation();
    const bytes = await readFile(join(folder.root, "in/evaluation/adversarial.npy"));
    expect(bytesOf(decodeNpy(bytes).data)).toEqual(bytesOf(rows));
  });
});
