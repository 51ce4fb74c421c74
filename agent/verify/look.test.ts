import { describe, expect, test } from "vitest";
import type { Model } from "../model/model.ts";
import { askTwice, isMarginal, lookAtRows } from "./look.ts";

/**
 * Two classes and one value per sample: class 1 from 0.5 on. `noise(n)` is added to the logit of
 * class 1, so that answers may depend on the batch as float32 sums do.
 */
function thresholdModel(noise: (n: number) => number, steepness = 1): Model {
  return {
    classes: 2,
    logits: async (x, n) =>
      Float32Array.from({ length: n * 2 }, (_, at) =>
        at % 2 === 0 ? 0 : steepness * ((x[Math.floor(at / 2)] ?? 0) - 0.5) + noise(n),
      ),
    vjp: null,
    gone: () => null,
    close: () => Promise.resolve(),
  };
}

const threat = { norm: "l2", minimal: true, bounds: [0, 1], targeted: false } as const;

async function lookAt(model: Model, clean: number[], rows: number[], epsilon?: number) {
  const x = Float32Array.from(clean);
  const labels = new Int32Array(clean.length);
  const answers = await askTwice(model, x, labels);
  const model2 = { ...threat, bounds: [0, 1] satisfies [number, number], epsilon };
  return lookAtRows(
    model,
    { ...model2, bounds: [0, 1] },
    x,
    Float32Array.from(rows),
    labels,
    answers,
  );
}

test("each row is judged by itself", async () => {
  const rows = [0.7, 0.4, 0.3, Number.NaN, 1.1];
  const looks = await lookAt(
    thresholdModel(() => 0),
    [0.3, 0.3, 0.3, 0.3, 0.3],
    rows,
  );
  expect(looks.map((look) => (look.kind === "not" ? look.reason : "adversarial"))).toEqual([
    "adversarial",
    "not-adversarial",
    "not-adversarial",
    "not-finite",
    "out-of-bounds",
  ]);
  expect(looks[0]).toMatchObject({ distances: { l0: 1, l2: Math.fround(0.7) - Math.fround(0.3) } });
});

test("a row that leaves the bounds by rounding is clipped before it is measured", async () => {
  const [look] = await lookAt(
    thresholdModel(() => 0),
    [0.25],
    [1 + 5e-7],
  );
  expect(look).toMatchObject({ kind: "adversarial", distances: { l2: 0.75 } });
});

describe("a marginal row", () => {
  /** Alone, a sample seems a little less of class 1. */
  const shaky = (n: number) => (n === 1 ? -2e-5 : 0);

  test("that the batch decides about is asked for again a little farther, and costs that", async () => {
    const [look] = await lookAt(thresholdModel(shaky), [0.25, 0.25], [0.50001, 0.9]);
    expect(look?.kind).toBe("adversarial");
    if (look?.kind !== "adversarial") return;
    expect(look.measured.l2).toBeCloseTo(0.25001, 6);
    expect(look.distances.l2).toBeCloseTo(0.25001 * 1.001, 6);
    expect(look.answers.alone.pred).toBe(1);
  });

  test("that does not hold there either is rejected", async () => {
    const never = (n: number) => (n === 1 ? -5e-4 : 0);
    const [look] = await lookAt(thresholdModel(never), [0.25, 0.25], [0.50001, 0.9]);
    expect(look).toMatchObject({ kind: "not", reason: "unstable-prediction" });
  });

  test("that is wrong in both batch sizes is taken as it is", async () => {
    const [look] = await lookAt(thresholdModel(shaky), [0.25, 0.25], [0.50003, 0.9]);
    expect(look).toMatchObject({ kind: "adversarial" });
    if (look?.kind === "adversarial") expect(look.distances).toEqual(look.measured);
  });

  test("is judged by the size of its logits", async () => {
    const model = thresholdModel(() => 0, 1e4);
    const answer = async (x: number) => (await askTwice(model, Float32Array.of(x), [0]))[0];
    const [near, far] = [await answer(0.5 + 1e-8), await answer(0.6)];
    expect(near && isMarginal(near)).toBe(true);
    expect(far && isMarginal(far)).toBe(false);
  });
});

test("an answer that the batch turns over by far is unstable", async () => {
  const [look] = await lookAt(
    thresholdModel((n) => (n === 1 ? -0.3 : 0)),
    [0.25, 0.25],
    [0.7, 0.9],
  );
  expect(look).toMatchObject({ kind: "not", reason: "unstable-prediction" });
});

test("an answer that is not finite fools nobody", async () => {
  const model: Model = {
    ...thresholdModel(() => 0),
    logits: async (x, n) =>
      Float32Array.from({ length: n * 2 }, (_, at) =>
        (x[Math.floor(at / 2)] ?? 0) > 0.5 ? Number.NaN : (at + 1) % 2,
      ),
  };
  const [look] = await lookAt(model, [0.25], [0.9]);
  expect(look).toMatchObject({ kind: "not", reason: "not-finite" });
});

test("epsilon is kept by the distance that counts", async () => {
  const model = thresholdModel(() => 0);
  const looks = await lookAt(model, [0.25, 0.25], [0.75, 0.7501], 0.5);
  expect(looks.map(({ kind }) => kind)).toEqual(["adversarial", "not"]);
  expect(looks[1]).toMatchObject({ reason: "over-epsilon" });
});

test("a model that changes what it is given changes no distance", async () => {
  const honest = thresholdModel(() => 0);
  const model: Model = {
    ...honest,
    logits: async (x, n) => {
      const answer = await honest.logits(x, n);
      x.fill(0);
      return answer;
    },
  };
  const [look] = await lookAt(model, [0.25, 0.25], [0.75, 0.9]);
  expect(look).toMatchObject({ kind: "adversarial", distances: { l2: 0.5 } });
});
