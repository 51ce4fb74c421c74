import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import {
  fillToyCatalog,
  keepOutcomes,
  openToyCatalog,
  outcomeRow,
} from "../../tests/support/toy-catalog.ts";
import { leaderboard, type LeaderboardRequest } from "./leaderboard.ts";
import { robustnessCurve, robustnessMatrix } from "./robustness.ts";

const size = { models: 3, attacks: 6, samples: 4, classes: 2 };
const wrong = { outcome: "misclassified", clean_pred: 9, l2: null, linf: null } as const;
const withstood = { outcome: "not-fooled", l2: null, linf: null } as const;

/**
 * Models 0 and 1 are evaluated with all six attacks, model 2 with one. Labels are 0 1 0 1. Of model 0
 * the smallest distances are 1, 0 (misclassified), 3, and none.
 */
function toy() {
  const folder = temporaryFolder();
  const catalog = openToyCatalog(folder);
  onTestFinished(() => catalog.close());
  const { models, attacks, threatModelId } = fillToyCatalog(catalog, size);
  const keep = (model: number, attack: number, factor: number) => {
    const of = [models[model] ?? "", attacks[attack] ?? "", threatModelId] as const;
    const id = catalog.evaluations.find(...of)?.id ?? catalog.evaluations.add(...of);
    const at = (l2: number) => ({ l2: l2 * factor, linf: (l2 * factor) / 10 });
    const label = (index: number) => ({ label: index % 2, clean_pred: index % 2 });
    keepOutcomes(catalog, id, [
      outcomeRow(0, { ...label(0), ...at(1) }),
      outcomeRow(1, { ...label(1), ...wrong }),
      outcomeRow(2, { ...label(0), ...at(3) }),
      outcomeRow(3, { ...label(1), ...withstood }),
    ]);
    return id;
  };
  for (let attack = 0; attack < size.attacks; attack++) {
    keep(0, attack, 1 + attack);
    keep(1, attack, 2 + attack);
  }
  keep(2, 0, 1);
  const board = (over: Partial<LeaderboardRequest> = {}) =>
    leaderboard(
      { catalog },
      { set: "active", threatModel: null, epsilons: [], classes: [], ...over },
    );
  return { catalog, folder, models, keep, board };
}

describe("the leaderboard", () => {
  test("ranks by score, and what is incomplete stands below", () => {
    const { board } = toy();
    const { ranked, incomplete } = board();
    expect(ranked).toMatchObject([
      { model: "model-1", rank: 1, score: 4, cleanAccuracy: 0.75, atWorstCase: 1 },
      { model: "model-0", rank: 2, score: 2, cleanAccuracy: 0.75, atWorstCase: 1 },
    ]);
    expect(ranked[1]?.perAttack[1]).toMatchObject({ median: 4, found: 2, tried: 3, bestOn: 0 });
    expect(incomplete).toMatchObject([
      { model: "model-2", verified: 4, needed: 20, reason: "4 of 20 outcomes verified" },
    ]);
  });

  test("tells robust accuracy at any epsilon, from 0 on", () => {
    const { board } = toy();
    const { ranked, epsilons } = board({ epsilons: [0, 1, 2.5, 99] });
    expect(epsilons).toEqual([0, 1, 2.5, 99]);
    expect(ranked.map(({ robustAccuracy }) => robustAccuracy)).toEqual([
      [0.75, 0.75, 0.5, 0.25],
      [0.75, 0.5, 0.5, 0.25],
    ]);
  });

  test("counts only the samples of some classes", () => {
    const { board } = toy();
    expect(board({ classes: [0] }).ranked).toMatchObject([
      { model: "model-1", score: 4, cleanAccuracy: 1, needed: 10 },
      { model: "model-0", score: 2, cleanAccuracy: 1, needed: 10 },
    ]);
    expect(board({ classes: [1] }).ranked).toMatchObject([
      { score: 10, cleanAccuracy: 0.5, atWorstCase: 1 },
      { score: 10, cleanAccuracy: 0.5, atWorstCase: 1 },
    ]);
    expect(board({ classes: [0, 1] }).ranked).toMatchObject(board().ranked);
    expect(board({ classes: [7] })).toMatchObject({ ranked: [], incomplete: { length: 3 } });
  });

  test("says the same whether scores are kept or worked out", () => {
    const { board, folder } = toy();
    const kept = board({ set: "all" });
    const db = new Database(join(folder, "catalog.sqlite"));
    onTestFinished(() => void db.close());
    db.exec("DELETE FROM score");
    expect(board({ set: "all" })).toEqual(kept);
    expect(db.prepare("SELECT count(*) FROM score").pluck().get()).toBe(3);
  });

  test("follows an evaluation that is done again, and one that is under way", () => {
    const { board, keep, catalog } = toy();
    const id = keep(0, 2, 0.1);
    expect(board().ranked).toMatchObject([{ model: "model-1" }, { model: "model-0", score: 0.2 }]);
    catalog.evaluations.setState(id, "queued");
    expect(board().ranked).toMatchObject([{ model: "model-1" }]);
    expect(board().incomplete).toMatchObject([{ model: "model-2" }, { verified: 16, needed: 20 }]);
    keep(0, 2, 1);
    expect(board().ranked).toMatchObject([{ model: "model-1" }, { model: "model-0", score: 2 }]);
  });

  test("refuses a threat model that nothing was evaluated under", () => {
    const { board } = toy();
    expect(() => board({ threatModel: "nobody" })).toThrow(
      expect.objectContaining({ code: "THREAT_MODEL_NOT_FOUND" }),
    );
    expect(board({ threatModel: "threat" })).toEqual(board());
  });
});

describe("the accuracy-epsilon curve", () => {
  const request = {
    models: ["model-0"],
    attacks: "all",
    threatModel: null,
    epsilons: "auto",
    norm: null,
    classes: [],
  } as const;
  const of = (over: Partial<Parameters<typeof robustnessCurve>[1]> = {}) => {
    const { catalog } = toy();
    return robustnessCurve({ catalog }, { ...request, models: ["model-0"], classes: [], ...over });
  };

  test("begins at the clean accuracy and ends where the last found distance is", () => {
    const { epsilons, models, norm } = of();
    expect([epsilons[0], epsilons.at(-1), norm]).toEqual([0, 3, "l2"]);
    const curve = models[0]?.robustAccuracy ?? [];
    expect([curve[0], curve.at(-1)]).toEqual([0.75, 0.25]);
    expect(curve).toEqual(curve.toSorted((a, b) => b - a));
  });

  test("is that of the attacks, classes and norm asked for", () => {
    const robust = (over: Parameters<typeof of>[0]) => of(over).models[0]?.robustAccuracy;
    const epsilons = [0, 1.5, 2];
    expect(robust({ epsilons, attacks: ["attack-1"] })).toEqual([0.75, 0.75, 0.5]);
    expect(robust({ epsilons, attacks: ["attack-1", "attack-0@1"] })).toEqual([0.75, 0.5, 0.5]);
    expect(robust({ epsilons, classes: [0] })).toEqual([1, 0.5, 0.5]);
    expect(robust({ epsilons: [0, 0.1, 0.3], norm: "linf" })).toEqual([0.75, 0.5, 0.25]);
  });

  test("counts an adversarial that float32 put just over epsilon", () => {
    const { catalog, keep } = toy();
    keep(0, 0, 1 + 5e-7);
    const curve = robustnessCurve(
      { catalog },
      { ...request, models: ["model-0"], attacks: ["attack-0"], epsilons: [1], classes: [] },
    );
    expect(curve.models[0]?.robustAccuracy).toEqual([0.5]);
  });

  test("is not there for a model that lacks outcomes", () => {
    expect(of({ models: ["model-2", "model-1"] }).models).toMatchObject([
      { model: "model-2", robustAccuracy: null, reason: "4 of 24 outcomes verified" },
      { model: "model-1", reason: null },
    ]);
  });
});

test("the matrix has a state, a median and the found share for every cell", () => {
  const { catalog, models } = toy();
  const ofModel = catalog.evaluations.ofModel(models[1] ?? "");
  catalog.evaluations.setState(ofModel[1]?.id ?? "", "failed", { reason: "lost" });
  const matrix = robustnessMatrix({ catalog }, { attacks: "active", threatModel: null });
  expect(matrix.attacks).toHaveLength(5);
  expect(matrix.models.map(({ model }) => model)).toEqual(["model-2", "model-1", "model-0"]);
  const found = 2 / 3;
  expect(matrix.models[1]?.cells).toMatchObject([
    { state: "verified", median: 4, found, verified: 4, needed: 4 },
    { state: "failed", median: null, found: null, verified: 0 },
    { state: "verified", median: 8, found },
    { state: "verified", found },
    { state: "verified", found },
  ]);
  expect(matrix.models[0]?.cells.map(({ state }) => state)).toEqual([
    "verified",
    ...Array.from({ length: 4 }, () => "absent"),
  ]);
});

test("without any evaluation there is nothing to show, and no failure", () => {
  const catalog = openToyCatalog(temporaryFolder());
  onTestFinished(() => catalog.close());
  fillToyCatalog(catalog, size);
  const any = { attacks: "active", threatModel: null };
  expect(robustnessMatrix({ catalog }, any)).toMatchObject({ threatModel: null, models: [] });
  expect(
    robustnessCurve(
      { catalog },
      { ...any, models: ["model-0"], epsilons: "auto", norm: null, classes: [] },
    ),
  ).toMatchObject({ threatModel: null, models: [] });
});
