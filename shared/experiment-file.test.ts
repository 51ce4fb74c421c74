import { describe, expect, test } from "vitest";
import { parseExperiment } from "./experiment-file.ts";

/** The problems of an experiment as `line:column offending | suggestion`. */
function problemsOf(text: string): string[] {
  const parsed = parseExperiment(text, "gauntlet.yaml");
  if (parsed.ok) return [];
  return parsed.problems.map(
    ({ line, column, offending, suggestion }) => `${line}:${column} ${offending} | ${suggestion}`,
  );
}

const text = `name: digits
parameters:
  learning_rate: { type: float, default: 0.1, min: 1e-4, max: 1, scale: log }
  loss: { type: choice, values: [cross-entropy, trades], default: cross-entropy }
  epochs: { type: integer, default: 3 }
train:
  command: [python, train.py, "--lr={learning_rate}", "--loss={loss}", "--seed={seed}"]
test:
  command: [python, test.py]
model:
  serve: [python, serve.py, "{port}"]
  input: { shape: [1, 28, 28] }
sweep:
  values: { learning_rate: [0.1, 0.03], loss: [trades], seed: [0, 1, 2] }
`;

test("a sound experiment is accepted", () => {
  expect(parseExperiment(text, "gauntlet.yaml")).toMatchObject({
    ok: true,
    value: { name: "digits", sweep: { method: "grid" } },
  });
});

test("bounds of the attacks that are not those of the model", () => {
  const attacked = text.replace(
    "input: { shape: [1, 28, 28] }",
    "input: { shape: [1, 28, 28], bounds: [0, 255] }\ndataset: digits\nevaluate:\n  samples: 10",
  );
  expect(problemsOf(attacked)).toHaveLength(1);
  expect(
    problemsOf(`${attacked}\n`.replace("samples: 10", "threat_model: { bounds: [0, 255] }")),
  ).toEqual([]);
});

describe("placeholders", () => {
  test("a misspelt parameter in a command", () => {
    expect(problemsOf(text.replace("{learning_rate}", "{learnign_rate}"))).toEqual([
      "7:37 {learnign_rate} | did you mean `learning_rate`?",
    ]);
  });

  test("the test's command is checked too", () => {
    expect(problemsOf(text.replace("test.py]", 'test.py, "{sede}"]'))).toEqual([
      "9:31 {sede} | did you mean `seed`?",
    ]);
  });

  test("a served model knows its port and no parameter", () => {
    expect(problemsOf(text.replace("{port}", "{prot}"))).toEqual([
      "11:30 {prot} | did you mean `port`?",
    ]);
    expect(problemsOf(text.replace("{port}", "{loss}"))).toEqual([
      "11:30 {loss} | known here: `{port}`",
    ]);
  });

  test("names of JavaScript objects are unknown", () => {
    expect(problemsOf(text.replace("{seed}", "{constructor}"))).toHaveLength(1);
  });

  test("an argument that no program can be given", () => {
    expect(problemsOf(text.replace("test.py]", 'test.py, "a\\0b"]'))).toHaveLength(1);
    expect(problemsOf(text.replace("[python, test.py]", '["", x]'))).toHaveLength(1);
  });
});

describe("sweep", () => {
  const many = Array.from({ length: 400 }, (_, i) => i).join(", ");
  const sweep = (values: string) =>
    problemsOf(text.replace(/values: \{ learning.*/, `values: ${values}`));

  test.each([
    ["{ learnign_rate: [0.1] }", ["14:13 learnign_rate | did you mean `learning_rate`?"]],
    ["{ momentum: [0.1] }", ["14:13 momentum | declare it under parameters"]],
    ["{ toString: [1] }", ["14:13 toString | declare it under parameters"]],
    ["{ loss: [tardes] }", ["14:20 tardes | did you mean `trades`?"]],
    ["{ learning_rate: [0.1, 2] }", ["14:34 2 | null"]],
    ["{ learning_rate: [fast] }", ["14:29 fast | null"]],
    ["{ epochs: [1.5] }", ["14:22 1.5 | round it: `2`"]],
    ["{ seed: [0, -1] }", ["14:23 -1 | null"]],
    ["{ seed: [0, 1, 0] }", ["14:26 0 | each value makes cells once"]],
    [
      `{ seed: [${many}], epochs: [${many}] }`,
      ["14:3 values | name fewer values, or draw points by `method: sobol`"],
    ],
  ])("%s", (values, expected) => expect(sweep(values)).toEqual(expected));

  /** The problems of a sweep whose lines stand from line 14 on. */
  const lines = (...sweepLines: string[]) =>
    problemsOf(
      text.replace(/ {2}values: \{ learning.*\n/, sweepLines.map((l) => `  ${l}\n`).join("")),
    );

  test.each([
    ["a whole random sweep", ["method: random", "samples: 8", "parameters: [loss]"], []],
    ["listed values alone", ["method: sobol", "samples: 8", "values: { epochs: [1, 2] }"], []],
    [
      "values in place of a range",
      ["method: sobol", "samples: 8", "parameters: [epochs]", "values: { epochs: [1, 2] }"],
      [],
    ],
    ["a grid of nothing", ["method: grid"], ["13:1 sweep | null"]],
    [
      "samples of a grid",
      ["samples: 8", "values: { epochs: [1] }"],
      ["14:3 samples | write `method: sobol` or `method: random`"],
    ],
    [
      "no samples",
      ["method: random", "parameters: [loss]"],
      ["14:11 random | say how many points to draw, such as `samples: 32`"],
    ],
    [
      "nothing to draw",
      ["method: sobol", "samples: 8", "values: { seed: [0] }"],
      ["14:11 sobol | name those to draw, such as `parameters: [learning_rate]`"],
    ],
    ["no whole number of samples", ["method: sobol", "samples: 1.5"], ["15:12 1.5 | null"]],
    ["too many samples", ["method: sobol", "samples: 200000"], ["15:12 200000 | null"]],
    [
      "too many cells of drawn points",
      ["method: sobol", "samples: 50001", "parameters: [loss]", "values: { seed: [0, 1] }"],
      ["15:12 50001 | null"],
    ],
    [
      "a misspelt parameter",
      ["method: sobol", "samples: 8", "parameters: [loss, learnign_rate]"],
      ["16:22 learnign_rate | did you mean `learning_rate`?"],
    ],
    [
      "a parameter twice",
      ["method: sobol", "samples: 8", "parameters: [loss, loss]"],
      ["16:22 loss | null"],
    ],
    [
      "a seed to draw",
      ["method: sobol", "samples: 8", "parameters: [seed]"],
      ["16:16 seed | list them: `values: { seed: [0, 1] }`"],
    ],
    [
      "an integer without a range",
      ["method: random", "samples: 8", "parameters: [epochs]"],
      ["16:16 epochs | declare `min` and `max` for it, or list `values`"],
    ],
  ])("%s", (_name, sweepLines, expected) => expect(lines(...sweepLines)).toEqual(expected));
});

test("a log scale needs values above 0", () => {
  expect(problemsOf(text.replace("min: 1e-4", "min: 0"))).toEqual(["3:70 log | write `linear`"]);
});
