import Database from "better-sqlite3";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fillCatalog } from "../../tests/support/many-runs.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { sqlViews } from "../../shared/sql-views.ts";
import { createSqlViews } from "./sql-views.ts";
import { runSql } from "./sql.ts";

function openReadOnly() {
  const folder = temporaryFolder();
  fillCatalog(folder, 20);
  const db = new Database(join(folder, "catalog.sqlite"), { readonly: true });
  const views = createSqlViews(db);
  onTestFinished(() => {
    views.close();
    db.close();
  });
  db.pragma("query_only = ON");
  return { folder, ask: (statement: string, limit = 100) => runSql(db, { statement, limit }) };
}

test("the views are exactly those that are documented, and each can be read", () => {
  const { ask } = openReadOnly();
  const { rows } = ask("SELECT name FROM sqlite_temp_schema WHERE type = 'view' ORDER BY name");
  expect(rows.map(([name]) => name)).toEqual(sqlViews.map(({ name }) => name).toSorted());
  for (const { name, columns } of sqlViews)
    expect(ask(`SELECT * FROM ${name}`).columns, name).toEqual(columns);
});

test("views say what the catalog holds in words and dates", () => {
  const { ask } = openReadOnly();
  const { rows } = ask(
    `SELECT r.created, r.experiment, p.number FROM runs r JOIN parameters p ON p.run = r.id
     WHERE p.name = 'seed' ORDER BY r.created LIMIT 2`,
  );
  expect(rows).toEqual([
    ["2026-01-01T00:01:00.000Z", expect.any(String), 0],
    ["2026-01-01T00:02:00.000Z", expect.any(String), 1],
  ]);
});

test("no more rows than asked for, and that there are more is said", () => {
  const { ask } = openReadOnly();
  expect(ask("SELECT id FROM runs", 20)).toMatchObject({ truncated: false });
  const cut = ask("SELECT id FROM runs", 19);
  expect(cut.truncated).toBe(true);
  expect(cut.rows).toHaveLength(19);
  const { rows } = ask(
    "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n, x'00ff' FROM c",
    1,
  );
  expect(rows).toEqual([[1, "x'00ff'"]]);
});

test.each([
  "DELETE FROM run",
  "INSERT INTO event (time, kind, subject, data_json) VALUES (1, 'a', 'b', '{}')",
  "WITH old AS (SELECT no FROM run) DELETE FROM run WHERE no IN (SELECT no FROM old) RETURNING no",
  "PRAGMA journal_mode = DELETE",
  "PRAGMA query_only = OFF",
  "ATTACH 'other.sqlite' AS other",
  "CREATE TEMP TABLE t (a)",
  "SELECT 1; SELECT 2",
  "SELECT nothing FROM runs",
  "SELEC 1",
  "",
])("refused: %s", (statement) => {
  const { ask } = openReadOnly();
  expect(() => ask(statement)).toThrow(expect.objectContaining({ code: "SQL_INVALID" }));
});

test("a copy of the catalog cannot be written anywhere", () => {
  const { folder, ask } = openReadOnly();
  const copy = join(folder, "copy.sqlite");
  expect(() => ask(`VACUUM INTO '${copy}'`)).toThrow(/Only reading/);
  expect(existsSync(copy)).toBe(false);
});
