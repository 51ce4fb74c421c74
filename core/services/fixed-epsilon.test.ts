import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import {
  fillToyCatalog,
  keepOutcomes,
  openToyCatalog,
  outcomeRow,
} from "../../tests/support/toy-catalog.ts";
import { updateAccuracy } from "./fixed-epsilon.ts";
import { leaderboard } from "./leaderboard.ts";

const request = { set: "active", threatModel: null, epsilons: [], classes: [] };
const wrong = { outcome: "misclassified", clean_pred: 9, l2: null, linf: null } as const;
const withstood = { outcome: "not-fooled", l2: null, linf: null } as const;

/** One model with five minimal attacks, and threat model `fixed` of L∞ 0.25 on the same dataset. */
function toy() {
  const catalog = openToyCatalog(temporaryFolder());
  onTestFinished(() => catalog.close());
  const { models, attacks, threatModelId } = fillToyCatalog(catalog, {
    models: 1,
    attacks: 6,
    samples: 4,
    classes: 2,
  });
  const { datasetId, sampleSet } = catalog.evaluations.threatModel(threatModelId);
  catalog.evaluations.addThreatModel({
    id: "fixed",
    threat: { norm: "linf", minimal: false, epsilon: 0.25, bounds: [0, 1], targeted: false },
    datasetId,
    sampleSet,
  });
  const evaluate = (attack: number, threat: string, rows: ReturnType<typeof outcomeRow>[]) => {
    const id = catalog.evaluations.add(models[0] ?? "", attacks[attack] ?? "", threat);
    keepOutcomes(catalog, id, rows);
  };
  const found = [0, 1, 2, 3].map((index) =>
    outcomeRow(index, { label: index % 2, clean_pred: index % 2 }),
  );
  for (let attack = 0; attack < 5; attack++) evaluate(attack, threatModelId, found);
  const row = (index: number, over: Parameters<typeof outcomeRow>[1]) =>
    outcomeRow(index, { label: index % 2, clean_pred: index % 2, ...over });
  return { catalog, evaluate, row };
}

test("robust accuracy at an epsilon: right, and fooled by no attack within it", () => {
  const { catalog, evaluate, row } = toy();
  evaluate(4, "fixed", [
    row(0, { linf: 0.25 }),
    row(1, wrong),
    row(2, { linf: 0.3 }), // beyond it: not within the threat model
    row(3, withstood),
  ]);
  const board = leaderboard({ catalog }, request);
  expect(board.fixed).toMatchObject([{ id: "fixed", norm: "linf", epsilon: 0.25 }]);
  expect(board.ranked).toHaveLength(1);
  expect(board.ranked[0]?.fixed).toEqual([{ accuracy: 0.5, attacks: ["attack-4@1"] }]);
  // Another attack fools one more: the worst of both counts.
  evaluate(5, "fixed", [
    row(0, withstood),
    row(1, wrong),
    row(2, { linf: 0.1 }),
    row(3, withstood),
  ]);
  expect(leaderboard({ catalog }, request).ranked[0]?.fixed).toEqual([
    { accuracy: 0.25, attacks: ["attack-4@1", "attack-5@1"] },
  ]);
  expect(leaderboard({ catalog }, { ...request, classes: [1] }).ranked[0]?.fixed).toMatchObject([
    { accuracy: 0.5 },
  ]);
});

test("without an attack at the epsilon there is a column and no number", () => {
  const { catalog, evaluate } = toy();
  expect(leaderboard({ catalog }, request).fixed).toEqual([]);
  evaluate(4, "fixed", [outcomeRow(0)]);
  expect(leaderboard({ catalog }, request).ranked[0]?.fixed).toEqual([null]);
});

test("models stay ranked by their smallest distances, however many evaluations have an epsilon", () => {
  const { catalog, evaluate, row } = toy();
  for (let attack = 0; attack < 6; attack++)
    evaluate(
      attack,
      "fixed",
      [0, 1, 2, 3].map((index) => row(index, { linf: 0.1 })),
    );
  const board = leaderboard({ catalog }, request);
  expect(board.threatModel).toMatchObject({ minimal: true });
  expect(board.ranked).toHaveLength(1);
});

test("what is kept goes as soon as an evaluation changes, and stays right", () => {
  const { catalog, evaluate, row } = toy();
  evaluate(4, "fixed", [row(0, { linf: 0.1 }), row(1, {}), row(2, withstood), row(3, withstood)]);
  const [model = ""] = catalog.evaluations.modelsUnder("fixed");
  const accuracy = () => leaderboard({ catalog }, request).ranked[0]?.fixed[0]?.accuracy;
  expect(catalog.evaluations.savedAccuracy(model, "fixed")).toBeUndefined();
  expect(accuracy()).toBe(0.5);
  expect(catalog.evaluations.savedAccuracy(model, "fixed")).toEqual({
    accuracy: 0.5,
    attacks: ["attack-4@1"],
  });
  expect(accuracy()).toBe(0.5);
  // A part of the classes is never taken for the whole.
  leaderboard({ catalog }, { ...request, classes: [1] });
  expect(accuracy()).toBe(0.5);
  const [evaluation] = catalog.evaluations
    .ofModel(model)
    .filter(({ threatModelId }) => threatModelId === "fixed");
  catalog.evaluations.setState(evaluation?.id ?? "", "queued");
  expect(catalog.evaluations.savedAccuracy(model, "fixed")).toBeUndefined();
  expect(leaderboard({ catalog }, request).ranked[0]?.fixed).toEqual([null]);
});

test("a verified evaluation at an epsilon has its accuracy kept at once", () => {
  const { catalog, evaluate, row } = toy();
  evaluate(4, "fixed", [row(0, withstood), row(1, {}), row(2, withstood), row(3, withstood)]);
  const [model = ""] = catalog.evaluations.modelsUnder("fixed");
  for (const evaluation of catalog.evaluations.ofModel(model))
    updateAccuracy({ catalog }, evaluation);
  expect(catalog.evaluations.savedAccuracy(model, "fixed")?.accuracy).toBe(0.75);
  expect(catalog.evaluations.savedAccuracy(model, "threat")).toBeUndefined();
});
