import { describe, expect, test } from "vitest";
import { type CleanColumns, placeRecords, takePositions } from "./outcome-columns.ts";
import { attackFacts, type Score, scoreModel as scoreColumns } from "./scoring.ts";
import { type AttackOutcomes, robustAccuracies } from "./worst-case.ts";

/** What a record says of one sample under one attack. */
type SampleOutcome = {
  sample: string;
  outcome: string | null;
  verdict: "verified" | "rejected" | "missing";
  distance: number | null;
  worstCase: number;
  label: number;
  cleanPrediction: number;
};

function outcome(sample: string, over: Partial<SampleOutcome> = {}): SampleOutcome {
  return {
    sample,
    outcome: "fooled",
    verdict: "verified",
    distance: 1,
    worstCase: 20,
    label: 3,
    cleanPrediction: 3,
    ...over,
  };
}

/** An attack with its records as columns; without records it has not run. */
function attack(name: string, records: readonly SampleOutcome[]): AttackOutcomes {
  if (records.length === 0) return { attack: name, outcomes: null };
  const { placed, status } = placeRecords(
    records.map((record) => ({
      ...record,
      clean_pred: record.cleanPrediction,
      claim_mismatch: 0,
    })),
    { ids: samples, positionOf: new Map(samples.map((id, position) => [id, position])) },
  );
  const column = (of: (record: SampleOutcome) => number | null) =>
    Float64Array.from(placed, (record) => (record && of(record)) ?? Number.NaN);
  const clean: CleanColumns = {
    label: column((record) => record.label),
    prediction: column((record) => record.cleanPrediction),
    worstCase: column((record) => record.worstCase),
  };
  return { attack: name, outcomes: { clean, status, distance: column((r) => r.distance) } };
}

const scored = (attacks: AttackOutcomes[], count: number) =>
  scoreColumns(attacks, count, (position) => samples[position] ?? "?");
const scoreModel = (attacks: AttackOutcomes[], count: number): Score =>
  scored(attacks, count).score;

const samples = ["a", "b", "c", "d"];
const distances = (values: number[]) =>
  samples.map((sample, index) => outcome(sample, { distance: values[index] ?? null }));

describe("a complete model", () => {
  test("scores the median of the smallest distance per sample, not the smallest median", () => {
    const score = scoreModel(
      [attack("x@1", distances([1, 9, 9, 4])), attack("y@1", distances([9, 2, 3, 9]))],
      4,
    );
    expect(score).toMatchObject({ state: "complete", score: 2.5, cleanAccuracy: 1 });
    expect(score.perAttack).toMatchObject([
      { attack: "x@1", median: 6.5, found: 4, bestOn: 2 },
      { attack: "y@1", median: 6, found: 4, bestOn: 2 },
    ]);
  });

  test("a misclassified clean sample counts 0", () => {
    const wrong = { outcome: "misclassified", cleanPrediction: 5, distance: null } as const;
    const outcomes = distances([4, 4, 4, 4]).map((o, i) => (i < 3 ? { ...o, ...wrong } : o));
    expect(scoreModel([attack("x@1", outcomes)], 4)).toMatchObject({
      state: "complete",
      score: 0,
      cleanAccuracy: 0.25,
    });
  });

  test("a sample that every attack tried and none fooled counts the worst case", () => {
    const unbroken = { outcome: "not-fooled", distance: null } as const;
    const { score, worst } = scored(
      [
        attack(
          "x@1",
          distances([1, 1, 1, 1]).map((o) => ({ ...o, ...unbroken })),
        ),
        attack(
          "y@1",
          distances([2, 2, 0, 0]).map((o, i) => (i > 1 ? { ...o, ...unbroken } : o)),
        ),
      ],
      4,
    );
    expect(score).toMatchObject({ state: "complete", score: 11 });
    expect(worst?.smallest).toEqual(Float64Array.of(2, 2, Infinity, Infinity));
    expect(worst?.by).toEqual(Int16Array.of(1, 1, -1, -1));
  });

  test("a spent budget is a try", () => {
    const spent = samples.map((s) => outcome(s, { outcome: "budget-spent", distance: null }));
    expect(scoreModel([attack("x@1", spent)], 4)).toMatchObject({ state: "complete", score: 20 });
  });

  test("the interval holds the score and is the same every time", () => {
    const first = scoreModel([attack("x@1", distances([1, 2, 3, 4]))], 4);
    const again = scoreModel([attack("x@1", distances([1, 2, 3, 4]))], 4);
    expect(first).toEqual(again);
    if (first.state !== "complete") throw new Error("not complete");
    expect(first.interval[0]).toBeLessThanOrEqual(first.score);
    expect(first.interval[1]).toBeGreaterThanOrEqual(first.score);
  });
});

describe("an incomplete model is not ranked", () => {
  const full = attack("x@1", distances([1, 1, 1, 1]));

  test.each<[string, SampleOutcome[]]>([
    ["an attack that has not run", []],
    [
      "an error",
      distances([1, 1, 1, 1]).map((o, i) =>
        i === 0 ? { ...o, outcome: "error", verdict: "missing" } : o,
      ),
    ],
    [
      "a missing record",
      distances([1, 1, 1, 1]).map((o, i) =>
        i === 0 ? { ...o, outcome: null, verdict: "missing" } : o,
      ),
    ],
    [
      "a rejected claim",
      distances([1, 1, 1, 1]).map((o, i) => (i === 0 ? { ...o, verdict: "rejected" } : o)),
    ],
    ["too few samples", distances([1, 1, 1, 1]).slice(1)],
  ])("%s", (_what, outcomes) => {
    const score = scoreModel([full, attack("y@1", outcomes)], 4);
    expect(score.state).toBe("incomplete");
    expect(score.needed).toBe(8);
    expect(score.verified).toBe(
      4 + outcomes.filter(({ verdict }) => verdict === "verified").length,
    );
    expect(score.perAttack[1]?.median).toBeNull();
    expect(score.perAttack[0]?.median).toBe(1);
  });

  test("evaluations that disagree on a clean prediction", () => {
    const other = distances([1, 1, 1, 1]).map((o, i) =>
      i === 2 ? { ...o, cleanPrediction: 4 } : o,
    );
    expect(scoreModel([full, attack("y@1", other)], 4)).toMatchObject({
      state: "incomplete",
      reason: expect.stringContaining("c differs"),
    });
  });

  test("a set without attacks", () => {
    expect(scoreModel([], 4).state).toBe("incomplete");
  });
});

test("robust accuracy counts what no found distance up to epsilon fools", () => {
  const unbroken = outcome("d", { outcome: "not-fooled", distance: null });
  const { worst } = scored([attack("x@1", [...distances([0.5, 1, 2]).slice(0, 3), unbroken])], 4);
  if (!worst) throw new Error("not complete");
  expect(robustAccuracies(worst, [0, 0.5, 1.5, 99])).toEqual([1, 0.75, 0.5, 0.25]);
});

describe("what does not count as tried", () => {
  const full = attack("x@1", distances([1, 1, 1, 1]));
  const withFirst = (over: Partial<SampleOutcome>) =>
    attack(
      "y@1",
      distances([1, 1, 1, 1]).map((o, i) => (i === 0 ? { ...o, ...over } : o)),
    );

  test.each<[string, Partial<SampleOutcome>]>([
    ["an error, even one called verified", { outcome: "error", distance: null }],
    ["no outcome, even called verified", { outcome: null, distance: null }],
    ["an unknown outcome", { outcome: "survived", distance: null }],
    ["fooled without a distance", { outcome: "fooled", distance: null }],
    ["fooled at no finite distance", { outcome: "fooled", distance: Number.NaN }],
    ["a sample that is named twice", { sample: "b" }],
    ["a sample of another set", { sample: "z" }],
  ])("%s", (_what, over) => {
    expect(scoreModel([full, withFirst(over)], 4).state).toBe("incomplete");
  });

  test("evaluations that disagree on a label or on what is misclassified", () => {
    for (const over of [
      { label: 4, cleanPrediction: 4 },
      { outcome: "misclassified", distance: null },
    ])
      expect(scoreModel([full, withFirst(over)], 4)).toMatchObject({
        state: "incomplete",
        verified: 8,
        reason: expect.stringContaining("a differs"),
      });
  });
});

describe("attacks at a fixed epsilon", () => {
  const missed = { outcome: "not-fooled", distance: null } as const;
  const fixedRecords = (values: (number | null)[]) =>
    samples.map((sample, i) =>
      outcome(sample, values[i] === null ? missed : { distance: values[i] }),
    );
  const fixed = (values: (number | null)[]): AttackOutcomes => ({
    ...attack("pgd@1", fixedRecords(values)),
    minimal: false,
  });

  test("give the score what they found, and robust accuracy", () => {
    const score = scoreModel(
      [attack("ddn@1", distances([1, 2, 3, 4])), fixed([0.5, 2.5, null, null])],
      4,
    );
    expect(score).toMatchObject({ state: "complete", score: 2.5 });
    expect(score.perAttack[1]).toMatchObject({
      median: null,
      robustAccuracy: 0.5,
      tried: 4,
      found: 2,
      bestOn: 1,
    });
    expect(score.perAttack[0]).toMatchObject({ median: 2.5, robustAccuracy: null, bestOn: 3 });
  });

  test("alone give no score: what they miss may lie just beyond epsilon", () => {
    const score = scoreModel([fixed([0.5, 0.5, null, null])], 4);
    expect(score).toMatchObject({
      state: "incomplete",
      verified: 4,
      reason: expect.stringContaining("fixed epsilon"),
    });
    expect(score.perAttack[0]?.robustAccuracy).toBe(0.5);
  });

  test("a misclassified sample is not robust and was not tried", () => {
    const [first, ...rest] = fixedRecords([null, null, null, null]);
    if (!first) throw new Error("no outcome");
    const wrong = { ...first, outcome: "misclassified", cleanPrediction: 9 };
    const model = { ...attack("pgd@1", [wrong, ...rest]), minimal: false };
    expect(scoreModel([model], 4).perAttack[0]).toMatchObject({
      robustAccuracy: 0.75,
      tried: 3,
      found: 0,
    });
  });
});

test("attacks that find the same smallest distance are both best", () => {
  const score = scoreModel(
    [attack("x@1", distances([1, 1, 1, 1])), attack("y@1", distances([1, 2, 1, 2]))],
    4,
  );
  expect(score.perAttack.map(({ bestOn }) => bestOn)).toEqual([4, 2]);
  // Equal for a while, until a third comes lower.
  const lowered = scoreModel(
    [
      attack("x@1", distances([1, 1, 1, 1])),
      attack("y@1", distances([1, 2, 1, 2])),
      attack("z@1", distances([0.5, 2, 1, 1])),
    ],
    4,
  );
  expect(lowered.perAttack.map(({ bestOn }) => bestOn)).toEqual([3, 1, 3]);
});

test("the order of outcomes does not matter", () => {
  const x = distances([1, 9, 9, 4]);
  const y = distances([9, 2, 3, 9]);
  const turned = scoreModel([attack("x@1", x), attack("y@1", y.toReversed())], 4);
  expect(turned).toEqual(scoreModel([attack("x@1", x), attack("y@1", y)], 4));
});

test("robust accuracy at 0 is the clean accuracy", () => {
  const wrong = { outcome: "misclassified", cleanPrediction: 5, distance: null } as const;
  const records = distances([1, 1, 1, 1]).map((o, i) => (i === 1 ? { ...o, ...wrong } : o));
  const { score, worst } = scored([attack("x@1", records)], 4);
  if (score.state !== "complete" || !worst) throw new Error("not complete");
  expect(robustAccuracies(worst, [0])).toEqual([score.cleanAccuracy]);
});

test("a subset of the samples is scored as if there were no others", () => {
  const attacks = [attack("x@1", distances([1, 9, 9, 4])), attack("y@1", distances([9, 2, 3, 9]))];
  const positions = Int32Array.of(1, 3);
  const taken = attacks.map(({ outcomes, ...rest }) => ({
    ...rest,
    outcomes: outcomes && takePositions(outcomes, positions),
  }));
  const { score } = scoreColumns(taken, positions.length);
  expect(score).toMatchObject({ state: "complete", score: 3, needed: 4 });
  expect(score.perAttack).toMatchObject([
    { median: 6.5, bestOn: 1 },
    { median: 5.5, bestOn: 1 },
  ]);
});

test("facts that were kept give the same score as outcomes alone", () => {
  const wrong = { outcome: "misclassified", cleanPrediction: 5, distance: null } as const;
  const records = distances([3, 1, 4, 1]).map((o, i) => (i === 0 ? { ...o, ...wrong } : o));
  const x = attack("x@1", records);
  if (!x.outcomes) throw new Error("no outcomes");
  const kept = { ...x, facts: attackFacts(x.outcomes, true) };
  expect(kept.facts).toEqual({ verified: 4, tried: 3, found: 3, median: 1 });
  expect(scoreColumns([kept], 4)).toEqual(scoreColumns([x], 4));
});
