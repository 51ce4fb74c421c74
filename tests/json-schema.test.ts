import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { jsonSchemaFiles } from "../scripts/json-schema.ts";
import { parseExperiment } from "../shared/experiment-file.ts";
import { attackPackSchema } from "../shared/schemas/attack.ts";
import { jobFileSchema } from "../shared/schemas/run-folder.ts";
import { sampleRecordSchema } from "../shared/schemas/samples.ts";
import { type JsonSchema, violations } from "./json-schema-validator.ts";

const files = jsonSchemaFiles();

function published(name: string): JsonSchema {
  const file = files.find(({ path }) => path.endsWith(`/${name}.schema.json`));
  if (!file) throw new Error(`no schema named ${name}`);
  return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(file.path, "utf8")));
}

const example = `
name: tiny-imagenet-vq
image: { build: . }
dataset: tiny-imagenet-200
parameters:
  learning_rate: { type: float, default: 0.1, min: 1e-4, max: 1, scale: log }
  loss:          { type: choice, values: [cross-entropy, trades], default: cross-entropy }
train:
  command: [python, train.py, "--lr={learning_rate}", "--loss={loss}"]
  resources: { gpus: 1, cpus: 4, memory: 16GiB, shm: 8GiB }
  time_limit: 6h
  silence_limit: 20m
  checkpoint: out/checkpoint
test:
  command: [python, test.py]
  samples: 500
model:
  load: model.py:load
  input: { shape: [3, 64, 64], layout: NCHW, bounds: [0, 1] }
evaluate:
  attacks: active
  samples: 200
  threat_model: { norm: l2, minimal: true, bounds: [0, 1], queries: 1000 }
sweep:
  method: grid
  values: { learning_rate: [0.1, 0.03, 0.01], seed: [0, 1, 2] }
  objective: { metric: score, goal: maximize }
`;

test("the published schemas are those of the code", () => {
  expect(files.map(({ path }) => path.replace(/.*[\\/]/, ""))).toEqual([
    "gauntlet.schema.json",
    "attacks.schema.json",
    "sample-record.schema.json",
    "job.schema.json",
  ]);
  for (const { path, text } of files)
    expect(readFileSync(path, "utf8"), "run: node scripts/json-schema.ts").toBe(text);
});

test("every schema has an id, a title and a description", () => {
  for (const name of ["gauntlet", "attacks", "sample-record", "job"])
    expect(published(name)).toMatchObject({
      $schema: "http://json-schema.org/draft-07/schema#",
      $id: `urn:gauntlet:schema:${name}`,
      title: expect.any(String),
      description: expect.any(String),
    });
});

describe("gauntlet.schema.json", () => {
  test("accepts the example that the parser accepts", () => {
    expect(violations(published("gauntlet"), parse(example))).toEqual([]);
    expect(parseExperiment(example, "gauntlet.yaml").ok).toBe(true);
  });

  test("units are text with a pattern", () => {
    expect(published("gauntlet")).toHaveProperty("properties.train.properties.time_limit.pattern");
    expect(published("gauntlet")).toHaveProperty(
      "properties.train.properties.resources.properties.memory.pattern",
    );
  });

  test.each([
    ["name: tiny-imagenet-vq", "name: a/b", "/name: pattern"],
    ["learning_rate: {", "learning-rate: {", "/parameters/learning-rate: pattern"],
    ["type: float", "type: flaot", "/parameters/learning_rate: fits not exactly one"],
    ["command: [python, test.py]", "command: python test.py", "/test/command: type is not array"],
    ["time_limit: 6h", "time_limit: 6 hours", "/train/time_limit: pattern"],
    ["gpus: 1", "gpus: -1", "/train/resources/gpus: minimum"],
    ["gpus: 1", "gpu: 1", "/train/resources/gpu: unknown"],
    ["load: model.py:load", "serve: []", "/model/serve: minItems"],
    ["load: model.py:load", "", "/model: fits not exactly one"],
    ["shape: [3, 64, 64]", "shape: [3, 64.5, 64]", "/model/input/shape/1: type is not integer"],
    ["bounds: [0, 1] }\nevaluate", "bounds: [0] }\nevaluate", "/model/input/bounds: minItems"],
    ["layout: NCHW", "layout: nchw", "/model/input/layout: not one of the values"],
    ["seed: [0, 1, 2]", "seed: 0", "/sweep/values/seed: type is not array"],
    ["checkpoint: out/checkpoint", "checkpoint: out/../x", "/train/checkpoint: pattern"],
  ])("refuses %s written as %s", (right, wrong, expected) => {
    expect(example).toContain(right);
    const data = parse(example.replace(right, wrong));
    expect(violations(published("gauntlet"), data)).toContain(expected);
  });
});

test("attacks.schema.json wants exactly one of load and command", () => {
  const attack = { name: "ddn", version: "1.0.0", norm: "l2", access: "white-box" };
  const check = (entry: object) => violations(published("attacks"), { attacks: [entry] });
  const right = { ...attack, load: "ddn.ts:attack", options: { steps: 100 } };
  expect(check(right)).toEqual([]);
  expect(attackPackSchema.safeParse({ attacks: [right] }).success).toBe(true);
  expect(check(attack)).toEqual(["/attacks/0: fits not exactly one"]);
  expect(check({ ...right, command: ["x"] })).toEqual(["/attacks/0: fits not exactly one"]);
});

test("sample-record.schema.json describes what the reader takes", () => {
  const record = {
    sample: "test-0000123",
    index: 123,
    label: 7,
    clean_pred: 7,
    clean_margin: 4.1,
    outcome: "fooled",
    adv_pred: 9,
    adv_margin: 0.013,
    l0: 412,
    l1: 9.5,
    l2: 1.0421,
    linf: 0.31,
    start_l2: null,
    forwards: 106,
    backwards: 100,
    queries_to_best: 88,
    grad_zero: false,
    nonfinite: false,
    silent: false,
    reproducible: true,
    seed: 90817,
    ms: 7.1,
  };
  expect(sampleRecordSchema.safeParse(record).success).toBe(true);
  expect(violations(published("sample-record"), record)).toEqual([]);
  expect(violations(published("sample-record"), { ...record, l2: -1 })).toHaveLength(1);
  expect(violations(published("sample-record"), { ...record, outcome: "found" })).toHaveLength(1);
});

test("job.json can be read back as it is written, with sizes in bytes", () => {
  const job = {
    schema: 1,
    job: "01J",
    attempt: 1,
    stage: "train",
    parameters: { learning_rate: 0.1, loss: "trades", fast: true },
    seed: 0,
    resources: { gpus: 1, cpus: 4, memory: 2 ** 34 },
    gpus: [0],
    model: { load: "model.py:load", input: { shape: [1], layout: "NF", bounds: [0, 1] } },
  };
  expect(jobFileSchema.parse(JSON.parse(JSON.stringify(job)))).toEqual(job);
  expect(violations(published("job"), job)).toEqual([]);
  expect(violations(published("job"), { ...job, attempt: 0 })).toEqual([
    "/attempt: exclusiveMinimum",
  ]);
});

test("the validator refuses keywords that it does not know", () => {
  expect(() => violations({ unevaluatedItems: false }, [])).toThrow(/does not know/);
});
