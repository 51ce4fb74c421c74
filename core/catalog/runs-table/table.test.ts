import Database from "better-sqlite3";
import { describe, expect, onTestFinished, test } from "vitest";
import { fillCatalog, metricNames } from "../../../tests/support/many-runs.ts";
import { randomNumbers } from "../../../tests/support/random-numbers.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { checkQuery } from "../../../shared/query/check.ts";
import { type Condition, isInRange } from "../../../shared/query/condition.ts";
import { type Field, fieldLookup, resolveField } from "../../../shared/query/fields.ts";
import { parseQuery } from "../../../shared/query/parse.ts";
import type { RunsTable, RunsTableInput, TableValue } from "../../../shared/runs-table.ts";
import { openCatalog } from "../open.ts";
import { runFields } from "./fields.ts";
import { loadAhead, readRunsTable } from "./table.ts";

const now = Date.UTC(2026, 10, 25);

function openFilled(runs: number) {
  const folder = temporaryFolder();
  fillCatalog(folder, runs);
  const { db, close } = openCatalog(folder);
  const reader = new Database(`${folder}/catalog.sqlite`, { readonly: true });
  onTestFinished(() => {
    reader.close();
    close();
  });
  const read = (input: Partial<RunsTableInput>): RunsTable =>
    readRunsTable(reader, {
      query: "",
      sort: [],
      group: null,
      columns: [],
      limit: 1000,
      offset: 0,
      ...input,
      now,
    });
  return { db, reader, read };
}

type Values = Map<string, TableValue>;
type BruteRun = { no: number; id: string; values: Values };

/** Every value of every run, read row by row with SQL that has nothing in common with the table. */
function bruteRuns(db: Database.Database): BruteRun[] {
  const rows = db
    .prepare<[], Record<string, number | string | null>>(
      `SELECT r.no, r.id, r.name, e.name AS experiment, v.number AS version, r.state, r.reason,
         r.label, r.sweep_id AS sweep, r.created_at AS created, r.started_at AS started,
         r.ended_at AS ended, coalesce(r.ended_at, ${now}) - r.started_at AS duration,
         r.config_key AS config, r.parameters_json, r.summary_json
       FROM run r JOIN experiment_version v ON v.id = r.experiment_version_id
         JOIN experiment e ON e.id = v.experiment_id ORDER BY r.no DESC`,
    )
    .all();
  const metrics = db.prepare<
    [number],
    { name: string; number: number; minimum: number; maximum: number }
  >(
    `SELECT c.name, v.number, v.minimum, v.maximum FROM run_value v
     JOIN run_column c ON c.id = v.column_id WHERE v.run_no = ? AND c.kind = 'metric'`,
  );
  return rows.map(({ no, id, parameters_json, summary_json, ...own }) => {
    const values: Values = new Map();
    for (const [name, value] of Object.entries(own)) values.set(`run ${name} last`, value);
    values.set("run id last", id ?? null);
    const seeds = db.prepare("SELECT seed FROM run WHERE no = ?").pluck().get(no);
    values.set("run seed last", Number(seeds));
    for (const [kind, json] of [
      ["parameter", parameters_json],
      ["summary", summary_json],
    ])
      for (const [name, value] of Object.entries(JSON.parse(String(json ?? "{}")) as object))
        values.set(`${kind} ${name} last`, value as TableValue);
    for (const metric of metrics.all(Number(no))) {
      values.set(`metric ${metric.name} last`, metric.number);
      values.set(`metric ${metric.name} minimum`, metric.minimum);
      values.set(`metric ${metric.name} maximum`, metric.maximum);
    }
    return { no: Number(no), id: String(id), values };
  });
}

const valueOf = (run: BruteRun, { kind, name, aspect }: Field): TableValue =>
  run.values.get(`${kind} ${name} ${aspect}`) ?? null;

function holds(condition: Condition, run: BruteRun): boolean {
  switch (condition.kind) {
    case "and":
      return condition.items.every((item) => holds(item, run));
    case "or":
      return condition.items.some((item) => holds(item, run));
    case "not":
      return !holds(condition.item, run);
    case "missing":
      return valueOf(run, condition.field) === null;
    case "range": {
      const value = valueOf(run, condition.field);
      return typeof value === "number" && isInRange(condition.range, value);
    }
    case "one-of": {
      const value = valueOf(run, condition.field);
      if (typeof value === "number") return condition.numbers.includes(value);
      return value !== null && condition.texts.includes(value);
    }
    case "ends-with": {
      const value = valueOf(run, condition.field);
      return (
        value !== null && condition.texts.some((end) => String(value).toUpperCase().endsWith(end))
      );
    }
    case "contains":
      return condition.fields.some(
        (field) =>
          String(valueOf(run, field) ?? "")
            .toLowerCase()
            .includes(condition.text) && valueOf(run, field) !== null,
      );
    case "matches":
      return condition.fields.some((field) => {
        const value = valueOf(run, field);
        return value !== null && new RegExp(condition.source, condition.flags).test(String(value));
      });
  }
}

/** Numbers, then text regardless of case, then what is missing; equal ones newest first. */
function sorted(runs: BruteRun[], keys: { field: Field; descending: boolean }[]): BruteRun[] {
  const order = (a: TableValue, b: TableValue, descending: boolean): number => {
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    const direction = descending ? -1 : 1;
    if (typeof a !== typeof b) return direction * (typeof a === "number" ? -1 : 1);
    if (a === b) return 0;
    if (typeof a === "number" && typeof b === "number") return direction * (a - b);
    const [x, y] = [String(a).toLowerCase(), String(b).toLowerCase()];
    return direction * (x < y || (x === y && a < b) ? -1 : 1);
  };
  return runs.toSorted((a, b) => {
    for (const { field, descending } of keys) {
      const result = order(valueOf(a, field), valueOf(b, field), descending);
      if (result !== 0) return result;
    }
    return b.no - a.no;
  });
}

const conditions = [
  "train/loss < 0.3",
  "train/loss.min > 0.2",
  "test/accuracy within [0.2, 0.7]",
  "train/loss = none",
  "train/loss != none",
  "lr > 0.001",
  "epochs = 40",
  "epochs within (10, 80)",
  "loss = trades",
  "loss != mart",
  "loss =~ /^(TR|cross)/i",
  "model ~ RESNET",
  "kestrel",
  "/^a.*-\\d*3$/",
  "name !~ /an/",
  "state within (failed, cancelled)",
  "reason = none",
  "reason =~ /out|time/",
  "experiment = cifar",
  "seed = 1",
  "version = 1",
  "duration < 20m",
  "created > 2026-01-01T03:00Z",
  'note = ""',
  "accuracy >= 0.5",
  "mixed = 3",
  "mixed ~ 1",
  "mixed > 1",
];

function mixUp(db: Database.Database): void {
  // A parameter that is a number in some runs and text in others, and one that few runs have.
  db.exec(`INSERT INTO run_column (kind, name) VALUES ('parameter', 'mixed');
    INSERT INTO run_value (column_id, run_no, number, text)
    SELECT (SELECT id FROM run_column WHERE name = 'mixed'), no,
      CASE WHEN no % 2 = 0 THEN no % 5 END, CASE WHEN no % 2 = 1 THEN 'Text' || (no % 7) END
    FROM run WHERE no % 3 <> 0;
    UPDATE run SET parameters_json = json_set(parameters_json, '$.mixed',
      CASE WHEN no % 2 = 0 THEN no % 5 ELSE 'Text' || (no % 7) END) WHERE no % 3 <> 0;`);
}

describe("the runs table", () => {
  test("filters, sorts and pages as an evaluation run by run does", () => {
    const { db, reader, read } = openFilled(600);
    mixUp(db);
    const all = bruteRuns(db);
    const fields = runFields(reader, null);
    const lookup = fieldLookup(fields);
    const random = randomNumbers(3);
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
    const sortable = [
      "lr",
      "train/loss",
      "test/accuracy.max",
      "name",
      "state",
      "mixed",
      "epochs",
      "created",
      "duration",
      "reason",
      "experiment",
      "seed",
    ];
    let found = 0;
    for (let round = 0; round < 400; round++) {
      const terms = Array.from(
        { length: Math.floor(random() * 4) },
        () => `${random() < 0.2 ? "NOT " : ""}${pick(conditions)}`,
      );
      const query = terms.join(pick([" AND ", " OR "]));
      const keys = Array.from({ length: Math.floor(random() * 3) }, () => ({
        field: pick(sortable),
        descending: random() < 0.5,
      }));
      const parsed = parseQuery(query);
      const checked = parsed.ok
        ? checkQuery(parsed.query, { lookup, names: () => [], now: () => now })
        : parsed;
      if (!checked.ok) throw new Error(`${query}: ${checked.problems[0]?.message}`);
      const { condition } = checked;
      const wanted = sorted(
        condition === null ? all : all.filter((run) => holds(condition, run)),
        keys.map(({ field, descending }) => ({
          field: resolveField(field, lookup) as Field,
          descending,
        })),
      );
      const [offset, limit] = [Math.floor(random() * 300), 1 + Math.floor(random() * 100)];
      const columns = ["train/loss", "mixed", "loss", "duration", "name"];
      const page = read({
        query,
        columns,
        offset,
        limit,
        sort: keys.map((key) => ({ ...key, statistic: "mean" })),
      });
      const expected = wanted.slice(offset, offset + limit);
      const text = `${query} by ${JSON.stringify(keys)} from ${offset}`;
      expect(page.total, text).toBe(wanted.length);
      expect(
        page.rows.map(({ id }) => id),
        text,
      ).toEqual(expected.map(({ id }) => id));
      expect(
        page.rows.map(({ values }) => values),
        text,
      ).toEqual(
        expected.map((run) =>
          columns.map((name) => valueOf(run, resolveField(name, lookup) as Field)),
        ),
      );
      found += wanted.length;
    }
    expect(found).toBeGreaterThan(10_000);
  });

  test("the first page needs no column, and is what a loaded table says", () => {
    const { read } = openFilled(120);
    const columns = ["train/loss", "lr", "note", "created", "score"];
    const before = read({ columns, limit: 30, offset: 20 });
    read({ sort: [{ field: "lr", descending: false, statistic: "mean" }] });
    expect(read({ columns, limit: 30, offset: 20 })).toEqual(before);
    expect(before.rows).toHaveLength(30);
    expect(before.total).toBe(120);
  });

  test("groups have count, mean, sample standard deviation and extremes of their runs", () => {
    const { db, read } = openFilled(300);
    const all = bruteRuns(db);
    const field: Field = {
      kind: "metric",
      name: "train/loss",
      aspect: "last",
      type: "number",
      values: null,
    };
    for (const group of [["seed"], ["model"], ["model", "loss", "epochs"], ["state", "reason"]]) {
      const groups = new Map<string, BruteRun[]>();
      for (const run of all) {
        const names = group.map((name) =>
          name === "seed"
            ? "run config"
            : ["state", "reason"].includes(name)
              ? `run ${name}`
              : `parameter ${name}`,
        );
        const key = JSON.stringify(names.map((name) => run.values.get(`${name} last`) ?? null));
        groups.set(key, [...(groups.get(key) ?? []), run]);
      }
      const expected = [...groups].map(([key, runs]) => {
        const numbers = runs.flatMap((run) => valueOf(run, field) ?? []) as number[];
        const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
        const variance =
          numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (numbers.length - 1);
        return {
          key,
          runs: runs.length,
          newest: runs[0]?.id,
          count: numbers.length,
          mean,
          deviation: Math.sqrt(variance),
        };
      });
      for (const statistic of ["mean", "deviation", "minimum", "maximum", "count"] as const) {
        const result = read({
          group,
          columns: ["train/loss"],
          sort: [{ field: "train/loss", descending: true, statistic }],
        });
        expect(result).toMatchObject({ runs: 300, total: groups.size });
        const values = result.groups.map(({ values: [value] }) => value?.[statistic] ?? -Infinity);
        expect(values).toEqual(values.toSorted((a, b) => b - a));
        for (const row of result.groups) {
          const brute = expected.find(({ key }) => key === JSON.stringify(row.key));
          expect(row).toMatchObject({ runs: brute?.runs, newest: { id: brute?.newest } });
          const [value] = row.values;
          expect(value?.count).toBe(brute?.count);
          if (value?.mean === null) expect(brute?.count).toBe(0);
          else expect(value?.mean).toBeCloseTo(brute?.mean ?? Number.NaN, 12);
          if (value?.deviation === null) expect(brute?.count).toBeLessThan(2);
          else expect(value?.deviation).toBeCloseTo(brute?.deviation ?? Number.NaN, 12);
        }
      }
    }
    const bySize = read({
      group: ["loss"],
      sort: [{ field: "runs", descending: false, statistic: "mean" }],
    });
    const sizes = bySize.groups.map(({ runs }) => runs);
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
  });

  test("a group can be opened by its key, and text that its runs share is told", () => {
    const { read } = openFilled(90);
    const [group] = read({ group: ["seed"], columns: ["model", "name"] }).groups;
    expect(group?.newest.values).toEqual([group?.values[0]?.text, group?.newest.name]);
    const members = read({ query: `config = ${group?.key[0]}` });
    expect(members.total).toBe(group?.runs);
    expect(group?.values[0]?.text).toMatch(/resnet|vit/);
    expect(group?.values[1]?.text).toBe(null);
  });

  test("answers are never stale: new, changed and deleted runs are seen at once", () => {
    const { db, reader, read } = openFilled(200);
    const random = randomNumbers(11);
    const check = () => {
      const brute = bruteRuns(db);
      const lookup = fieldLookup(runFields(reader, null));
      for (const field of ["train/loss", "name", "lr", "duration", "state"]) {
        const keys = [{ field: resolveField(field, lookup) as Field, descending: false }];
        const page = read({
          sort: [{ field, descending: false, statistic: "mean" }],
          columns: [field],
        });
        const expected = sorted(brute, keys);
        expect(page.rows.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
        expect(page.rows.map(({ values }) => values[0])).toEqual(
          expected.map((run) => valueOf(run, keys[0]?.field as Field)),
        );
      }
    };
    check();
    const column = db.prepare("SELECT id FROM run_column WHERE name = 'train/loss'").pluck().get();
    for (let round = 0; round < 30; round++) {
      const no = db
        .prepare<[], number>("SELECT no FROM run ORDER BY random() LIMIT 1")
        .pluck()
        .get();
      db.transaction(() => {
        const dice = random();
        if (dice < 0.3) db.prepare("DELETE FROM run WHERE no = ?").run(no);
        else if (dice < 0.6) {
          db.prepare(`INSERT INTO run_value (column_id, run_no, number, minimum, maximum) VALUES (?, ?, ?, 0, 1)
            ON CONFLICT DO UPDATE SET number = excluded.number`).run(column, no, random());
          db.exec("UPDATE run_clock SET changed = changed + 1");
          db.prepare("UPDATE run SET changed = (SELECT changed FROM run_clock) WHERE no = ?").run(
            no,
          );
        } else if (dice < 0.8)
          db.prepare("UPDATE run SET state = 'queued', name = ? WHERE no = ?").run(
            `New-${round}`,
            no,
          );
        else
          db.exec(`INSERT INTO run (id, name, label, experiment_version_id, config_key, seed, evaluate, state, created_at, point_key, parameters_json)
            SELECT 'ID${round}', 'added-${round}', '', experiment_version_id, '', 5, 0, 'queued', 5, '', '{}' FROM run LIMIT 1`);
      })();
      check();
    }
    db.exec("DELETE FROM run WHERE no > 50; UPDATE run SET state = 'failed'");
    check();
    db.exec("DELETE FROM run");
    check();
  });

  test("score is of the active set, and of the threat model that most runs have", () => {
    const { db, read } = openFilled(10);
    db.exec(`INSERT INTO attack_set VALUES ('A', 'one', '2026-01-01', 1, 0), ('B', 'two, old', '2025-01-01', 0, 0);
      INSERT INTO run_column (kind, name, threat_model_id) VALUES ('score', 'one', 'T1'), ('score', 'one', 'T2'), ('score', 'two, old', 'T1');
      INSERT INTO run_value (column_id, run_no, number)
      SELECT c.id, r.no, CASE c.name WHEN 'one' THEN r.no ELSE -r.no END FROM run_column c JOIN run r
      ON r.no <= CASE c.threat_model_id WHEN 'T1' THEN 4 ELSE 2 END WHERE c.kind = 'score'`);
    const scores = () =>
      read({
        query: "score != none",
        columns: ["score", "score.one", "score.two, old"],
        sort: [{ field: "score", descending: true, statistic: "mean" }],
      }).rows.map(({ values }) => values);
    expect(scores()).toEqual([4, 3, 2, 1].map((no) => [no, no, -no]));
    db.exec("UPDATE attack_set SET active = 0; UPDATE attack_set SET active = 1 WHERE id = 'B'");
    expect(scores()).toEqual([1, 2, 3, 4].map((no) => [-no, no, -no]));
    expect(read({ query: 'score."two, old" < -3' }).total).toBe(1);
  });

  test("columns loaded in advance change no answer", () => {
    const { reader, read } = openFilled(100);
    const ask = () => read({ query: "kestrel OR lr > 0.01", columns: [...metricNames] });
    const before = ask();
    let loads = 0;
    while (loadAhead(reader)) loads++;
    expect(loads).toBeGreaterThan(20);
    expect(ask()).toEqual(before);
  });

  test("mistakes are told with code, place and suggestion", () => {
    const { read } = openFilled(10);
    expect(() => read({ query: "train/lss < 3" })).toThrow(
      expect.objectContaining({
        code: "QUERY_INVALID",
        details:
          "train/lss < 3\n^^^^^^^^^ nothing is named `train/lss`; did you mean `train/loss`?",
      }),
    );
    expect(() => read({ columns: ["batch_siz"] })).toThrow(
      expect.objectContaining({ code: "FIELD_UNKNOWN", hint: "did you mean `batch_size`?" }),
    );
  });

  test("an empty catalog has an empty table, whatever is asked", () => {
    const folder = temporaryFolder();
    const { close } = openCatalog(folder);
    const reader = new Database(`${folder}/catalog.sqlite`, { readonly: true });
    const input = {
      query: "kestrel or state = failed",
      sort: [{ field: "score", descending: true, statistic: "mean" as const }],
      columns: ["seed"],
      limit: 5,
      offset: 0,
      now,
    };
    expect(readRunsTable(reader, { ...input, group: null })).toEqual({
      runs: 0,
      total: 0,
      rows: [],
      groups: [],
    });
    expect(readRunsTable(reader, { ...input, group: ["seed"] }).groups).toEqual([]);
    reader.close();
    close();
  });
});
