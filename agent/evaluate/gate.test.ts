import { describe, expect, test } from "vitest";
import type { Access } from "../../shared/schemas/attack.ts";
import type { Model } from "../model/model.ts";
import { classes, linear, linearLogits, size } from "../testing/run-folder.ts";
import { AccessError, CallError, Gate } from "./gate.ts";

/** The linear classifier, which remembers how many rows it was asked about at a time. */
function linearModel(): Model & { asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    classes,
    logits: async (x, n) => {
      asked.push(n);
      return Float32Array.from(rowsOf(x, n).flatMap((row) => linearLogits(row)));
    },
    vjp: async (x, d, n) => {
      asked.push(n);
      return x.map((_, at) => {
        const [i, j] = [Math.floor(at / size), at % size];
        return linear.weights.reduce(
          (sum, row, k) => sum + (row[j] ?? 0) * (d[i * classes + k] ?? 0),
          0,
        );
      });
    },
    gone: () => null,
    close: () => Promise.resolve(),
  };
}

function rowsOf(x: Float32Array, n: number): Float32Array[] {
  return Array.from({ length: n }, (_, i) => x.subarray(i * size, (i + 1) * size));
}

/** Two samples: class 0, and class 1. */
const x = Float32Array.of(0.9, 0.1, 0.2, 0.1, 0.1, 0.9, 0.1, 0.2);
const labels = Int32Array.of(0, 1);
/** The other's row: a wrong class for each. */
const swapped = Float32Array.of(...x.slice(4), ...x.slice(0, 4));

function gateOf(options: { access?: Access; queries?: number | null } = {}) {
  const model = linearModel();
  const { access = "white-box", queries = null } = options;
  const gate = new Gate(model, { access, norm: "l2", bounds: [0, 1], queries, size }, x, labels);
  return { model, gate };
}

describe("access", () => {
  const calls = {
    logits: (gate: Gate) => gate.logits(x),
    predict: (gate: Gate) => gate.predict(x),
    vjp: (gate: Gate) => gate.vjp(x, new Float32Array(2 * classes)),
  };
  test.each<[Access, (keyof typeof calls)[]]>([
    ["white-box", ["logits", "predict", "vjp"]],
    ["score-based", ["logits", "predict"]],
    ["decision-based", ["predict"]],
  ])("%s opens %j and nothing else", async (access, open) => {
    for (const call of ["logits", "predict", "vjp"] as const) {
      const { gate, model } = gateOf({ access });
      if (open.includes(call)) {
        await calls[call](gate);
        expect(model.asked).toEqual([2]);
      } else {
        await expect(calls[call](gate)).rejects.toThrow(AccessError);
        expect(model.asked).toEqual([]);
        expect(gate.accounts[0]).toMatchObject({ forwards: 0, backwards: 0 });
      }
    }
  });

  test("to gradients ends where the model has none", async () => {
    const model: Model = { ...linearModel(), vjp: null };
    const rules = { access: "white-box", norm: "l2", queries: null, size } as const;
    const gate = new Gate(model, { ...rules, bounds: [0, 1] }, x, labels);
    await expect(calls.vjp(gate)).rejects.toThrow(/no gradients/);
  });
});

describe("accounts", () => {
  test("charge every row to its sample", async () => {
    const { gate } = gateOf();
    await gate.logits(x);
    await gate.predict(Float32Array.of(...x, ...x), [1, 1, 0, 1]);
    await gate.vjp(x.subarray(0, size), new Float32Array(classes), [1]);
    expect(gate.accounts).toMatchObject([
      { forwards: 2, backwards: 0 },
      { forwards: 4, backwards: 1 },
    ]);
  });

  test("answers are those of the model", async () => {
    const { gate } = gateOf();
    const logits = await gate.logits(x);
    linearLogits(x.subarray(0, 4)).forEach((logit, k) => expect(logits[k]).toBeCloseTo(logit, 5));
    expect([...(await gate.predict(x))]).toEqual([0, 1]);
    const d = Float32Array.of(0, 0, 0, 1, 0, 0);
    expect([...(await gate.vjp(x, d))]).toEqual([0, 0, 0, 0, ...(linear.weights[0] ?? [])]);
  });
});

describe("a spent budget", () => {
  test("answers NaN, -1 and zeros row by row, and asks the model no more", async () => {
    const { gate, model } = gateOf({ queries: 2 });
    const three = Float32Array.of(...x.slice(0, 4), ...x.slice(0, 4), ...x.slice(0, 4));
    const logits = await gate.logits(three, [0, 0, 0]);
    expect(model.asked).toEqual([2]);
    expect([...logits].map(Number.isNaN)).toEqual([
      ...Array(6).fill(false),
      ...Array(3).fill(true),
    ]);
    expect([...(await gate.predict(x))]).toEqual([-1, 1]);
    const gradients = await gate.vjp(x, new Float32Array(6).fill(1));
    expect([...gradients.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    expect(gradients.subarray(4).some((value) => value !== 0)).toBe(true);
    expect(model.asked).toEqual([2, 1, 1]);
    expect([...(await gate.vjp(x, new Float32Array(6).fill(1)))]).toEqual(Array(8).fill(0));
    expect(model.asked).toEqual([2, 1, 1]);
    expect(gate.accounts).toMatchObject([
      { forwards: 2, backwards: 0 },
      { forwards: 1, backwards: 1 },
    ]);
    expect([gate.isSpent(0), gate.isSpent(1)]).toEqual([true, true]);
  });

  test("cannot be spent twice by calls at the same time", async () => {
    const { gate, model } = gateOf({ queries: 1 });
    const answers = await Promise.all([gate.predict(x), gate.predict(x), gate.predict(x)]);
    expect(answers.map((answer) => [...answer])).toEqual([
      [0, 1],
      [-1, -1],
      [-1, -1],
    ]);
    expect(model.asked).toEqual([2]);
  });

  test("is none without a limit", async () => {
    const { gate } = gateOf();
    for (let i = 0; i < 50; i++) await gate.predict(x);
    expect(gate.isSpent(0)).toBe(false);
  });
});

describe("the best seen adversarial", () => {
  test("is the closest one, with what it cost to see it", async () => {
    const { gate } = gateOf();
    const closer = swapped.map((value, i) => 0.8 * value + 0.2 * (x[i] ?? 0));
    await gate.predict(swapped);
    await gate.predict(closer);
    await gate.predict(swapped);
    const best = gate.accounts[0]?.best;
    expect([...(best?.row ?? [])]).toEqual([...closer.subarray(0, 4)]);
    expect(best).toMatchObject({ pred: 1, queries: 2 });
    expect(best?.distance).toBeCloseTo(0.8 * Math.hypot(0.8, 0.8, 0.1, 0.1), 6);
    expect(best?.margin).toBeGreaterThan(0);
  });

  test("is a copy: the attack may go on with its array", async () => {
    const { gate } = gateOf();
    const mine = swapped.slice();
    await gate.predict(mine);
    mine.fill(0);
    expect([...(gate.accounts[0]?.best?.row ?? [])]).toEqual([...swapped.subarray(0, 4)]);
  });

  test("lies within the bounds and is finite", async () => {
    const { gate } = gateOf();
    await gate.predict(swapped.map((value) => value * 1.2));
    await gate.predict(swapped.map(() => Number.NaN));
    expect(gate.accounts.map(({ best }) => best)).toEqual([null, null]);
    expect(gate.accounts[0]?.nonfinite).toBe(true);
  });

  test("is clipped where it leaves the bounds by rounding alone", async () => {
    const { gate } = gateOf();
    await gate.predict(Float32Array.of(-5e-7, 1 + 5e-7, 0, 0, ...x.slice(4)));
    expect([...(gate.accounts[0]?.best?.row ?? [])]).toEqual([0, 1, 0, 0]);
  });

  test("is none where every answer was right", async () => {
    const { gate } = gateOf();
    await gate.logits(x);
    expect(gate.accounts.map(({ best }) => best)).toEqual([null, null]);
  });
});

describe("a call that is wrong is refused and costs nothing:", () => {
  test.each<[string, (gate: Gate) => Promise<unknown>, RegExp]>([
    ["half a batch without rows", (gate) => gate.logits(x.subarray(0, 4)), /Give rows/],
    ["rows that do not fit", (gate) => gate.logits(x, [0]), /1 rows of 4 are right/],
    ["a row that is not there", (gate) => gate.logits(x, [0, 2]), /samples 0 to 1/],
    ["a row that is no number", (gate) => gate.logits(x, [0, 0.5]), /has 0.5/],
    ["too short a cotangent", (gate) => gate.vjp(x, new Float32Array(3)), /3 values; 2 rows of 3/],
    ["an odd number of values", (gate) => gate.logits(x.subarray(1)), /7 values/],
  ])("%s", async (_, call, message) => {
    const { gate, model } = gateOf();
    await expect(call(gate)).rejects.toThrow(CallError);
    await expect(call(gate)).rejects.toThrow(message);
    expect(model.asked).toEqual([]);
    expect(gate.accounts[0]).toMatchObject({ forwards: 0, backwards: 0 });
  });

  test("one that comes when the batch is over", async () => {
    const { gate } = gateOf();
    gate.close();
    await expect(gate.predict(x)).rejects.toThrow(/over/);
  });
});
