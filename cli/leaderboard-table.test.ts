import { expect, test } from "vitest";
import { leaderboardText } from "./leaderboard-table.ts";

type View = Parameters<typeof leaderboardText>[0];

const summary = {
  attack: "x@1",
  verified: 4,
  needed: 4,
  tried: 4,
  found: 4,
  median: 2,
  robustAccuracy: null,
  bestOn: 4,
};
const threatModel = {
  id: "t",
  norm: "l2",
  minimal: true,
  epsilon: null,
  bounds: [0, 1],
  queries: null,
  dataset: "digits",
  split: "test",
  samples: 4,
} satisfies NonNullable<View["threatModel"]>;
const view = {
  set: { name: "five", date: "2026-01-01", active: true, attacks: ["x@1"] },
  threatModel,
  fixed: [{ ...threatModel, id: "f", norm: "linf", minimal: false, epsilon: 8 / 255 }],
  epsilons: [0.5, 1],
  classes: [3, 5],
  ranked: [
    {
      modelId: "m",
      model: "model",
      label: "",
      parameters: {},
      seed: null,
      perAttack: [summary],
      verified: 4,
      needed: 4,
      rank: 1,
      score: 2,
      interval: [1, 3],
      cleanAccuracy: 1,
      atWorstCase: 0,
      robustAccuracy: [0.75, 0.5],
      fixed: [{ accuracy: 0.25, attacks: ["autoattack-linf@1.0.0"] }],
    },
  ],
  incomplete: [],
} satisfies View;

test("robust accuracy has a column per epsilon, and chosen classes are said", () => {
  const text = leaderboardText(view);
  expect(text).toMatch(/clean +robust at 0\.5 +robust at 1 +L∞ 8\/255 +x@1/);
  expect(text).toMatch(/100.*75.*50.*25.*2\.000/);
  expect(text).toContain("only class 3 and 5");
});

test("without epsilons and classes nothing is said of them", () => {
  const text = leaderboardText({
    ...view,
    epsilons: [],
    classes: [],
    fixed: [],
    ranked: view.ranked.map((row) => ({ ...row, robustAccuracy: [], fixed: [] })),
  });
  expect(text).not.toMatch(/robust at|only class|L∞/);
});
