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
import type { OutcomeRow } from "../domain/outcome.ts";
import { createOutcomeReader } from "./outcome-reader.ts";
import { registerOutcomeTable } from "./outcome-table.ts";

const size = { models: 2, attacks: 6, samples: 4, classes: 2 };

function toy() {
  const folder = temporaryFolder();
  const catalog = openToyCatalog(folder);
  const db = new Database(join(folder, "catalog.sqlite"));
  onTestFinished(() => {
    db.close();
    catalog.close();
  });
  const { models, attacks, threatModelId } = fillToyCatalog(catalog, size);
  const evaluation = (model: number, attack: number) => {
    const of = [models[model] ?? "", attacks[attack] ?? "", threatModelId] as const;
    return catalog.evaluations.find(...of)?.id ?? catalog.evaluations.add(...of);
  };
  const keep = (id: string, rows: OutcomeRow[]) => keepOutcomes(catalog, id, rows);
  return { catalog, folder, db, models, attacks, threatModelId, evaluation, keep };
}

const rows = (...distances: number[]) => distances.map((l2, index) => outcomeRow(index, { l2 }));

const flag = (value: boolean | null | undefined) =>
  value === null || value === undefined ? null : Number(value);

describe("outcomes of an evaluation", () => {
  test("come back as they were, whatever happened to a sample", () => {
    const { catalog, evaluation, keep } = toy();
    const nothing = { adv_pred: null, adv_margin: null, l0: null, l1: null, l2: null, linf: null };
    const given = [
      outcomeRow(0, { l2: 0.1 + 0.2, linf: 2 ** -60, clean_margin: -0 }, { l2: 1 / 3, ms: 0.1 }),
      outcomeRow(
        1,
        { verdict: "rejected", reason: "over-epsilon", detail: "1.5 > 1", claim_mismatch: true },
        { grad_zero: null, queries_to_best: null, silent: true },
      ),
      { ...outcomeRow(2, { ...nothing, verdict: "missing", outcome: null }), claim: null },
      outcomeRow(3, { ...nothing, outcome: "error", verdict: "missing", detail: "it died" }),
    ];
    const id = evaluation(0, 0);
    keep(id, given);
    const back = catalog.outcomes.records(id);
    expect(back).toHaveLength(4);
    for (const [position, { verified, claim }] of given.entries()) {
      const { index: _, claim_mismatch, ...rest } = verified;
      expect(back[position]).toEqual({
        ...rest,
        position,
        claim_mismatch: claim_mismatch ? 1 : 0,
        claimed_outcome: claim?.outcome ?? null,
        claimed_l2: claim?.l2 ?? null,
        forwards: claim?.forwards ?? null,
        backwards: claim?.backwards ?? null,
        queries_to_best: claim?.queries_to_best ?? null,
        grad_zero: flag(claim?.grad_zero),
        silent: claim ? Number(claim.silent) : null,
        milliseconds: claim?.ms ?? null,
      });
    }
    expect(Object.is(back[0]?.clean_margin, -0)).toBe(true);
    expect(catalog.outcomes.rejections(id)).toEqual([
      { reason: "missing", count: 2 },
      { reason: "over-epsilon", count: 1 },
    ]);
  });

  test("of samples outside the set, or named twice, are kept and count for nothing", () => {
    const { catalog, evaluation, keep, models, threatModelId, attacks } = toy();
    const id = evaluation(0, 0);
    const [first, second, third] = rows(1, 2, 3);
    if (!first || !second || !third) throw new Error("no rows");
    keep(id, [third, first, second, outcomeRow(1, { l2: 9 }), outcomeRow(77, { l2: 5 })]);
    expect(
      catalog.outcomes.records(id).map(({ position, sample, l2 }) => [position, sample, l2]),
    ).toEqual([
      [0, "test-0000000", 1],
      [1, "test-0000001", 2],
      [2, "test-0000002", 3],
      [null, "test-0000001", 9],
      [null, "test-0000077", 5],
    ]);
    const [on] = catalog.outcomes.ofModel(models[0] ?? "", threatModelId, attacks.slice(0, 1));
    // Two of four: one sample is named twice, of another there is no record.
    expect(on?.facts).toEqual({ verified: 2, tried: 2, found: 2, median: null });
  });

  test("give every distance in any norm, bit for bit", () => {
    const { catalog, evaluation, keep, models, threatModelId, attacks } = toy();
    const l2 = [0.1, 0.2, 0.30000000000000004, 1e-300];
    keep(
      evaluation(0, 0),
      l2.map((distance, index) => outcomeRow(index, { l2: distance, linf: distance / 3 })),
    );
    const of = (norm?: "l2" | "linf") =>
      catalog.outcomes.ofModel(models[0] ?? "", threatModelId, attacks.slice(0, 1), norm)[0];
    expect(of()?.outcomes.distance).toEqual(Float64Array.from(l2));
    expect(of("l2")?.outcomes.distance).toEqual(Float64Array.from(l2));
    expect(of("linf")?.outcomes.distance).toEqual(Float64Array.from(l2, (d) => d / 3));
  });

  test("share what the model says of clean samples as long as it says the same", () => {
    const { db, evaluation, keep, catalog, models } = toy();
    const cleans = () => db.prepare("SELECT count(*) FROM outcome_clean").pluck().get();
    keep(evaluation(0, 0), rows(1, 1, 1, 1));
    keep(evaluation(0, 1), rows(2, 2, 2, 2));
    expect(cleans()).toBe(1);
    keep(
      evaluation(0, 1),
      rows(2, 2, 2, 2).map((row) => ({ ...row, verified: { ...row.verified, clean_pred: 1 } })),
    );
    expect(cleans()).toBe(2);
    catalog.transaction(() => catalog.evaluations.removeOfModel(models[0] ?? ""));
    expect(cleans()).toBe(0);
    expect(db.prepare("SELECT count(*) FROM outcome_detail").pluck().get()).toBe(0);
  });

  test("can be read on a read-only connection while the owner writes", () => {
    const { folder, catalog, evaluation, keep, models, threatModelId, attacks } = toy();
    keep(evaluation(0, 0), rows(1, 2, 3, 4));
    const readOnly = new Database(join(folder, "catalog.sqlite"), { readonly: true });
    onTestFinished(() => void readOnly.close());
    const reader = createOutcomeReader(readOnly);
    const of = [models[0] ?? "", threatModelId, attacks] as const;
    expect(reader.ofModel(...of)).toEqual(catalog.outcomes.ofModel(...of));
    keep(evaluation(0, 0), rows(4, 3, 2, 1));
    expect(reader.ofModel(...of)[0]?.outcomes.distance).toEqual(Float64Array.of(4, 3, 2, 1));
  });
});

describe("a kept score", () => {
  function scored() {
    const all = toy();
    for (let attack = 0; attack < size.attacks; attack++)
      all.keep(all.evaluation(0, attack), rows(1, 2, 3, 4));
    const set = (name: string) => all.catalog.attacks.set(name)?.id ?? "";
    const kept = (name: string, model = 0) =>
      all.catalog.evaluations.savedScore(all.models[model] ?? "", set(name), all.threatModelId);
    return { ...all, kept, set };
  }

  test("is there for each set that holds the attack", () => {
    const { kept } = scored();
    expect(kept("five")).toMatchObject({ state: "complete", score: 2.5, verified: 20 });
    expect(kept("all")).toMatchObject({ state: "complete", score: 2.5, verified: 24 });
  });

  test.each<[string, (of: ReturnType<typeof scored>) => void, gone: string[]]>([
    [
      "outcomes of its attacks are replaced",
      ({ catalog, evaluation }) =>
        catalog.evaluations.replaceOutcomes(evaluation(0, 5), rows(1, 1, 1, 1)),
      ["all"],
    ],
    [
      "an evaluation is to be done again",
      ({ catalog, evaluation }) => catalog.evaluations.setState(evaluation(0, 0), "queued"),
      ["all", "five"],
    ],
    [
      "an evaluation is deleted",
      ({ db, evaluation }) =>
        db.prepare("DELETE FROM evaluation WHERE id = ?").run(evaluation(0, 5)),
      ["all"],
    ],
    [
      "outcomes are deleted",
      ({ db, evaluation }) =>
        db.prepare("DELETE FROM outcome_block WHERE evaluation_id = ?").run(evaluation(0, 1)),
      ["all", "five"],
    ],
    [
      "the set gets another attack",
      ({ db, set, attacks }) =>
        db
          .prepare("INSERT INTO attack_set_member (set_id, position, attack_id) VALUES (?, 9, ?)")
          .run(set("five"), attacks[5]),
      ["five"],
    ],
    [
      "the set loses an attack",
      ({ db, set }) =>
        db
          .prepare("DELETE FROM attack_set_member WHERE set_id = ? AND position = 2")
          .run(set("five")),
      ["five"],
    ],
    [
      "an attack of the set is exchanged",
      ({ db, set, attacks }) =>
        db
          .prepare("UPDATE attack_set_member SET attack_id = ? WHERE set_id = ? AND position = 2")
          .run(attacks[5], set("five")),
      ["five"],
    ],
  ])("goes when %s, and no other does", (_what, change, gone) => {
    const all = scored();
    all.keep(all.evaluation(1, 0), rows(1, 2, 3, 4));
    change(all);
    for (const name of ["five", "all"])
      expect([name, all.kept(name) === undefined]).toEqual([name, gone.includes(name)]);
    // A change of what a model's evaluations say is none of another model's.
    const isOfSet = !gone.includes("all");
    expect(all.kept("five", 1) === undefined).toBe(isOfSet);
  });
});

describe("the table sample_outcome", () => {
  function ask() {
    const all = toy();
    all.keep(all.evaluation(0, 0), rows(4, 3, 2, 1));
    all.keep(all.evaluation(0, 1), [
      ...rows(1, 1),
      outcomeRow(2, { verdict: "rejected", reason: "not-adversarial" }),
      outcomeRow(99),
    ]);
    const readOnly = new Database(join(all.folder, "catalog.sqlite"), { readonly: true });
    const table = registerOutcomeTable(readOnly);
    onTestFinished(() => {
      table.close();
      readOnly.close();
    });
    return {
      ...all,
      sql: (text: string, ...bound: unknown[]) => readOnly.prepare(text).all(bound),
    };
  }

  test("has one row per sample of an evaluation", () => {
    const { sql, evaluation } = ask();
    const id = evaluation(0, 0);
    const wanted = [
      { position: 2, sample: "test-0000002", l2: 2 },
      { position: 3, sample: "test-0000003", l2: 1 },
    ];
    const columns = "position, sample, l2";
    expect(sql(`SELECT ${columns} FROM sample_outcome(?) WHERE l2 < 3`, id)).toEqual(wanted);
    expect(
      sql(`SELECT ${columns} FROM sample_outcome WHERE evaluation_id = ? AND l2 < 3`, id),
    ).toEqual(wanted);
    expect(Object.keys(sql("SELECT * FROM sample_outcome(?)", id)[0] ?? {})).toHaveLength(25);
  });

  test("can be joined with evaluations and counted", () => {
    const { sql, evaluation } = ask();
    const wanted = [
      { id: evaluation(0, 0), n: 4, verified: 4, least: 1 },
      { id: evaluation(0, 1), n: 4, verified: 3, least: 1 },
    ];
    for (const join of [
      "JOIN sample_outcome(e.id) s",
      "JOIN sample_outcome s ON s.evaluation_id = e.id",
    ])
      expect(
        sql(
          `SELECT e.id, count(*) AS n, sum(verdict = 'verified') AS verified, min(l2) AS least
           FROM evaluation e ${join} GROUP BY e.id ORDER BY e.id`,
        ),
      ).toEqual(wanted);
    expect(
      sql(`SELECT DISTINCT reason FROM sample_outcome WHERE reason NOT NULL
           AND evaluation_id IN (SELECT id FROM evaluation)`),
    ).toEqual([{ reason: "not-adversarial" }]);
  });

  test("has no rows of what is not there, and asks for an evaluation", () => {
    const { sql } = ask();
    expect(sql("SELECT * FROM sample_outcome('nobody')")).toEqual([]);
    expect(() => sql("SELECT count(*) FROM sample_outcome")).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
  });
});
