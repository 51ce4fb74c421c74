import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { parseDocument } from "./document.ts";
import type { Problem } from "./problems.ts";
import { attackPackSchema } from "./schemas/attack.ts";
import { experimentSchema } from "./schemas/experiment.ts";

const minimal = "name: a\ntrain: { command: [x] }\n";

function problemsOf(text: string, schema: z.ZodType = experimentSchema): Problem[] {
  const parsed = parseDocument(text, schema, "gauntlet.yaml");
  if (parsed.ok) throw new Error("the document was accepted");
  return parsed.problems;
}

/** The only problem of a document, as `line:column offending | message | suggestion`. */
function onlyProblem(text: string, schema?: z.ZodType): string {
  const problems = problemsOf(text, schema);
  expect(problems).toHaveLength(1);
  return problems.map(summary).join("\n");
}

function summary({ line, column, offending, message, suggestion }: Problem): string {
  return `${line}:${column} ${offending} | ${message} | ${suggestion}`;
}

/** A pattern for the start of a summary, in which ` | ` stands for itself. */
function starting(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll(" | ", " \\| ")}`);
}

describe("what is right", () => {
  test("a document is parsed with its defaults and units", () => {
    const parsed = parseDocument(
      "name: a\ntrain: { command: [python, 3], time_limit: 6h, resources: { memory: 1.5KiB } }\n",
      experimentSchema,
      "gauntlet.yaml",
    );
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        name: "a",
        train: {
          command: ["python", "3"],
          time_limit: 21_600_000,
          resources: { memory: 1536, gpus: 0 },
        },
      },
    });
  });

  test("aliases, comments, a byte order mark and Windows line ends are read", () => {
    const text = "\uFEFF# c\r\nname: a\r\ntrain: { command: &c [x] }\r\ntest:\r\n  command: *c\r\n";
    expect(parseDocument(text, experimentSchema, "f").ok).toBe(true);
  });

  test("later checks can place what they find", () => {
    const text = `${minimal}parameters:\n  lr: { type: float, default: 0.1 }\n`;
    const parsed = parseDocument(text, experimentSchema, "f.yaml");
    if (!parsed.ok) throw new Error("refused");
    const place = (path: string[], on?: "key" | "value") =>
      summary(parsed.source.problemAt({ path, message: "m", on }));
    expect(place(["parameters", "lr", "default"])).toBe("4:31 0.1 | m | null");
    expect(place(["parameters", "lr", "default"], "key")).toBe("4:22 default | m | null");
    expect(place(["parameters", "lr"])).toBe("4:3 lr | m | null");
    expect(place(["parameters", "lr", "absent", "deeper"])).toBe("4:3 lr | m | null");
  });
});

describe("keys", () => {
  test("a misspelt key is answered once, with what was meant", () => {
    expect(onlyProblem("name: a\ntrian: { command: [x] }\n")).toBe(
      "2:1 trian | unknown key `trian` | did you mean `train`?",
    );
  });

  test("a misspelt key inside one of several alternatives", () => {
    expect(onlyProblem(`${minimal}image: { biuld: . }\n`)).toBe(
      "3:10 biuld | unknown key `biuld` | did you mean `build`?",
    );
    expect(onlyProblem(`${minimal}parameters: { lr: { type: float, default: 1, mni: 0 } }\n`)).toBe(
      "3:46 mni | unknown key `mni` | did you mean `min`?",
    );
  });

  test("an unknown key that resembles nothing is answered with what is known", () => {
    expect(onlyProblem("name: a\ntrain: { command: [x], zzzzz: 1 }\n")).toBe(
      "2:24 zzzzz | unknown key `zzzzz` | known here: `command`, `resources`, `time_limit`, `silence_limit`, `retries`, `checkpoint`",
    );
  });

  test("a missing key is placed at the mapping that lacks it", () => {
    expect(onlyProblem("name: a\ntrain: {}\n")).toBe("2:1 train | `command` is missing | null");
    expect(onlyProblem(`${minimal}parameters:\n  lr: { default: 1 }\n`)).toBe(
      "4:3 lr | `type` is missing | give one of `float`, `integer`, `choice`, `boolean`, `text`",
    );
  });

  test("keys that JavaScript objects have of their own are no exception", () => {
    expect(onlyProblem(`${minimal}toString: 1\n`)).toMatch(/^3:1 toString \| unknown key/);
    expect(onlyProblem(`${minimal}__proto__: { x: 1 }\n`)).toMatch(/^3:1 __proto__ \| .*cannot/);
  });

  test("a bad name of a parameter is placed at the name", () => {
    expect(onlyProblem(`${minimal}parameters: { my-lr: { type: float, default: 1 } }\n`)).toBe(
      "3:15 my-lr | use letters, digits and '_' | null",
    );
  });
});

describe("values", () => {
  const inTrain = (entry: string) => onlyProblem(`name: a\ntrain: { command: [x], ${entry} }\n`);

  test.each([
    ["time_limit: 6 hours", "2:36 6 hours | write a duration such as .* | write `6h`"],
    ["time_limit: 90", "2:36 90 | expected text, got `90` | add the unit: `90s` or `90m`"],
    ["resources: { memory: 16G }", "2:45 16G | write a size .* | write `16GiB`"],
    ["resources: { gpus: '1' }", "2:43 '1' | expected a number, .* without quotes: `1`"],
    ["resources: { cpus: 1.5 }", "2:43 1.5 | expected a whole number, got `1.5` | null"],
    ["retries: -1", "2:33 -1 | this must be at least 0 | null"],
    ["checkpoint: ../x", "2:36 ../x | a path inside out/"],
  ])("%s", (entry, expected) => expect(inTrain(entry)).toMatch(starting(expected)));

  test("a misspelt choice, also of a discriminated union", () => {
    expect(onlyProblem(`${minimal}parameters: { lr: { type: flaot, default: 1 } }\n`)).toMatch(
      /^3:27 flaot \| expected one of .* got the text `flaot` \| did you mean `float`\?$/,
    );
    expect(
      onlyProblem(`${minimal}model: { load: m.py:f, input: { shape: [1], layout: nchw } }\n`),
    ).toMatch(/^3:53 nchw .* did you mean `NCHW`\?$/);
  });

  test("a value that fits no alternative", () => {
    expect(onlyProblem(`${minimal}image: 3\n`)).toBe(
      '3:8 3 | expected text or a mapping (key: value), got `3` | put it in quotes: `"3"`',
    );
  });

  test("infinite and undefined numbers are refused", () => {
    for (const value of [".inf", "-.inf", ".nan"])
      expect(
        onlyProblem(`${minimal}parameters: { x: { type: float, default: ${value} } }`),
      ).toMatch(/^3:\d+ -?\.\w+ \| expected a number, got/);
  });

  test("a parameter given as a bare value", () => {
    expect(onlyProblem(`${minimal}parameters: { lr: 0.1 }\n`)).toMatch(
      /^3:19 0\.1 .* write `\{ type: float, default: 0\.1 \}`$/,
    );
  });

  test("rules between keys are placed at the value or at the key they speak of", () => {
    const text = `${minimal}model: { load: m.py:f, serve: [x], input: { shape: [1] } }\n`;
    expect(onlyProblem(text)).toMatch(/^3:16 m\.py:f \| give exactly one of load/);
    const attacks = "attacks:\n  - { name: a, version: '1', norm: l2, access: white-box }\n";
    expect(onlyProblem(attacks, attackPackSchema)).toMatch(/^2:5 .* \| give exactly one of load/);
  });
});

describe("commands", () => {
  const command = (value: string) => onlyProblem(`name: a\ntrain:\n  command: ${value}\n`);

  test("a shell string is answered with the list", () => {
    expect(command(`python train.py --lr={lr} 'a b'`)).toMatch(
      /^3:12 python .*write a list: `\[python, train\.py, "--lr=\{lr\}", "a b"\]`$/,
    );
  });

  test("what needs a shell is answered with a script", () => {
    expect(command("python train.py | tee log")).toMatch(/without a shell.*`\[sh, run\.sh\]`$/);
  });

  test("an unquoted placeholder is answered with the quotes", () => {
    expect(command("[python, --lr={lr}, x]")).toMatch(
      /^3:26 \{ .*put the argument in quotes: `"--lr=\{lr\}"`$/,
    );
    expect(command("[python, {lr}]")).toMatch(/^3:21 \{lr\} .*put it in quotes: `"\{lr\}"`$/);
    expect(command("[python, true]")).toMatch(/^3:21 true .*put it in quotes: `"true"`$/);
  });
});

describe("syntax", () => {
  test.each([
    ["", "1:1  | this file is empty"],
    ["# only a comment\n", "1:1 .* | this file is empty"],
    ["- a\n- b\n", "1:1 - a | expected a mapping"],
    ["name:a\n", "1:1 name:a | .*put a space after the colon: `name: a`"],
    ["name:a\ntrain: 1\n", "1:1 .*put a space after the colon: `name: a`"],
    ["name: a: b\n", "1:7 .*second `:`"],
    ["name: 'x\n", "1:9 name: 'x | missing closing"],
    ["name: a\n\ttrain: 1\n", "2:1 .*a tab indents this line | YAML indents with spaces only"],
    ["name: a\nname: b\n", "2:1 name | `name` stands here twice | the first is on line 1"],
    ["name: *x\n", "1:7 \\*x | no anchor `&x`"],
    ["name: &x [*x]\n", "1:11 \\*x | this alias stands inside its own anchor"],
    ["name: a\n--- \nname: b\n", "2:1 .*second document"],
    ["name: !!binary abc\n", "1:7 !!binary | tags such as this one"],
    ["? [a]\n: 1\n", "1:3 \\[ | a key must be plain text"],
    ["name: \u0007\n", "1:7 \u0007 | a control character \\(␇\\)"],
    ["name: a\u0000b\n", "1:8 \u0000 | this file is not UTF-8 text"],
  ])("%j", (text, expected) => expect(onlyProblem(text)).toMatch(starting(expected)));

  test("bytes that are not UTF-8", () => {
    const text = new TextDecoder().decode(Uint8Array.of(0x61, 0x3a, 0x20, 0xfc, 0x0a));
    expect(onlyProblem(text)).toMatch(/^1:4 .*not UTF-8 text \| save it as UTF-8$/);
  });
});

describe("hostile documents", () => {
  test("more than 1 MiB is refused unread, in bytes and not characters", () => {
    expect(onlyProblem(`#${"x".repeat(2 ** 20)}`)).toMatch(/larger than 1 MiB/);
    expect(onlyProblem(`#${"é".repeat(2 ** 19)}`)).toMatch(/larger than 1 MiB/);
    expect(onlyProblem(`#${"x".repeat(2 ** 20 - 1)}`)).toMatch(/this file is empty/);
  });

  test("aliases that multiply are refused", () => {
    const levels = ["b", "c", "d", "e", "f", "g", "h", "i"].map(
      (name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[i]}`).join(", ")}]`,
    );
    const [problem] = problemsOf(`a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n${levels.join("\n")}\n`);
    expect(problem?.message).toMatch(/aliases repeat parts of this file more than 100 times/);
  });

  test("deep nesting is refused, wherever the parser gives up", () => {
    for (const depth of [150, 50_000])
      expect(problemsOf(`x: ${"[".repeat(depth)}${"]".repeat(depth)}`)[0]?.message).toMatch(
        /nested/,
      );
  });

  test("no more than 100 problems are collected, each at its own place", () => {
    const text = Array.from({ length: 300 }, (_, i) => `key${i}: 1`).join("\n");
    const problems = problemsOf(text);
    expect(problems).toHaveLength(100);
    expect(problems.at(-1)?.line).toBeGreaterThan(50);
  });
});
