import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { migrations } from "../migrate.ts";
import { openCatalog } from "../open.ts";
import { createOutcomeReader } from "../outcome-reader.ts";
import { core0001 } from "./0001-core.ts";
import { outcomeBlocks0005 } from "./0005-outcome-blocks.ts";

const nothing = {
  reason: null,
  detail: null,
  adv_pred: null,
  adv_margin: null,
  l0: null,
  l1: null,
  l2: null,
  linf: null,
  claimed_outcome: null,
  claimed_l2: null,
  forwards: null,
  backwards: null,
  queries_to_best: null,
  grad_zero: null,
  silent: null,
  milliseconds: null,
};
const plain = {
  label: 1,
  clean_pred: 1,
  clean_margin: 0.1 + 0.2,
  worst_case: 17.3,
  claim_mismatch: 0,
};
const whole = {
  adv_pred: 4,
  adv_margin: 1e-9,
  l0: 780,
  l1: 1 / 3,
  l2: Math.SQRT2,
  linf: 2 ** -30,
  claimed_outcome: "fooled",
  claimed_l2: 1.4142,
  forwards: 3_000_000,
  backwards: 0,
  queries_to_best: 7,
  grad_zero: 1,
  silent: 0,
  milliseconds: 12.000001,
};
const id = (index: number) => `test-000000${index}`;
/** By evaluation, in the order of their old positions. */
const outcomes = {
  plain: [
    { ...nothing, ...plain, ...whole, sample: id(0), outcome: "fooled", verdict: "verified" },
    {
      ...nothing,
      ...plain,
      ...whole,
      sample: id(1),
      outcome: "fooled",
      verdict: "rejected",
      reason: "unstable-prediction",
      detail: "said 3, then 4",
      claim_mismatch: 1,
    },
    { ...nothing, ...plain, sample: id(2), outcome: null, verdict: "missing" },
  ],
  // What no program of ours wrote but the old table could hold.
  odd: [
    { ...nothing, ...plain, sample: id(2), outcome: "survived", verdict: "verified" },
    { ...nothing, ...plain, sample: id(2), outcome: "not-fooled", verdict: "verified" },
    { ...nothing, ...plain, sample: "elsewhere", outcome: "error", verdict: "missing" },
    {
      ...nothing,
      ...plain,
      sample: id(0),
      label: -1,
      clean_pred: 70_000,
      outcome: "misclassified",
      verdict: "verified",
      claimed_outcome: "unheard-of",
    },
  ],
} as const;

/** A catalog of version 1 with rows in the old layout. */
function oldCatalog(): string {
  const folder = temporaryFolder();
  const { db, close } = openCatalog(folder, [core0001]);
  db.exec(`
    INSERT INTO tree VALUES ('t', 0, 0);
    INSERT INTO dataset VALUES ('d', 'toy', '1', 'h', '/d', '{}', 0, 0);
    INSERT INTO model VALUES ('m', 'model', NULL, 't', 't', NULL, 'd', 0);
    INSERT INTO threat_model VALUES ('tm', 'l2', 1, NULL, 0, 1, 0, NULL, 'd', 'test', 3,
      '{"split":"test","indexes":[0,1,2],"hash":"s"}');
    INSERT INTO attack_set VALUES ('s', 'set', '2026-01-01', 1, 0);`);
  const insert = db.prepare(
    `INSERT INTO sample_outcome VALUES (@evaluation, @position, @sample, @label, @outcome, @verdict,
       @reason, @detail, @clean_pred, @clean_margin, @adv_pred, @adv_margin, @l0, @l1, @l2, @linf,
       @worst_case, @claim_mismatch, @claimed_outcome, @claimed_l2, @forwards, @backwards,
       @queries_to_best, @grad_zero, @silent, @milliseconds)`,
  );
  for (const [evaluation, rows] of Object.entries(outcomes)) {
    db.prepare(`INSERT INTO attack VALUES (?, ?, '1', 't', '{}', 'l2', 'white-box', 1, 0)`).run(
      evaluation,
      evaluation,
    );
    db.prepare(`INSERT INTO evaluation VALUES (?, 'm', ?, 'tm', 'verified', NULL, NULL, 0, 0)`).run(
      evaluation,
      evaluation,
    );
    for (const [position, row] of rows.entries()) insert.run({ evaluation, position, ...row });
  }
  const score = {
    state: "complete",
    score: 2,
    perSample: [{ worstCase: true }, { worstCase: false }, { worstCase: true }],
  };
  db.prepare("INSERT INTO score VALUES ('m', 's', 'tm', 'complete', 2, 3, 3, ?, 0)").run(
    JSON.stringify(score),
  );
  close();
  return folder;
}

test("every outcome of the old table comes over as it was", () => {
  const folder = oldCatalog();
  const { db, close } = openCatalog(folder, migrations.slice(0, outcomeBlocks0005.version));
  onTestFinished(close);
  const reader = createOutcomeReader(db);
  expect(reader.records("plain")).toEqual(
    outcomes.plain.map((row, position) => ({ ...row, position })),
  );
  const [first, second, elsewhere, other] = outcomes.odd;
  expect(reader.records("odd")).toEqual([
    { ...other, position: 0 },
    { ...first, position: 2 },
    { ...second, position: null },
    { ...elsewhere, position: null },
  ]);
  expect(reader.factsOfModel("m", "tm")).toEqual(
    new Map([
      ["plain", { verified: 1, tried: 1, found: 1, median: null }],
      ["odd", { verified: 1, tried: 0, found: 0, median: null }],
    ]),
  );
  const left = "SELECT name FROM sqlite_schema WHERE name LIKE 'sample_outcome%'";
  expect(db.prepare(left).all()).toEqual([]);
});

test("kept scores stay, without the samples that they repeated", () => {
  const { db, close } = openCatalog(oldCatalog(), migrations.slice(0, outcomeBlocks0005.version));
  onTestFinished(close);
  const row = db.prepare<[], { score_json: string }>("SELECT score_json FROM score").get();
  expect(JSON.parse(row?.score_json ?? "")).toEqual({
    state: "complete",
    score: 2,
    atWorstCase: 2,
  });
});
