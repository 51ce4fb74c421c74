import { readdirSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { type Migration, migrations } from "./migrate.ts";
import { openCatalog } from "./open.ts";

const next: Migration = {
  version: migrations.length + 1,
  name: "next",
  sql: "CREATE TABLE extra (id INTEGER PRIMARY KEY) STRICT;",
};

function schemaOf(db: Database.Database): unknown {
  return db.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").all();
}

describe("migrations", () => {
  test("are numbered from 1 without a gap, with names of their own", () => {
    expect(migrations.map(({ version }) => version)).toEqual(
      migrations.map((_, index) => index + 1),
    );
    expect(new Set(migrations.map(({ name }) => name)).size).toBe(migrations.length);
  });

  test("every table is STRICT", () => {
    const { db, close } = openCatalog(temporaryFolder());
    const tables = db
      .prepare<[], { name: string; strict: number }>(
        "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
      )
      .all();
    close();
    expect(tables.length).toBeGreaterThan(20);
    expect(tables.filter(({ strict }) => strict === 0)).toEqual([]);
  });

  test("opening again changes nothing and makes no backup", () => {
    const folder = temporaryFolder();
    const first = openCatalog(folder);
    const schema = schemaOf(first.db);
    first.close();
    const second = openCatalog(folder);
    expect(schemaOf(second.db)).toEqual(schema);
    second.close();
    expect(readdirSync(folder)).not.toContain("backups");
  });

  test("an older catalog is backed up first, then brought forward", () => {
    const folder = temporaryFolder();
    const old = openCatalog(folder);
    old.db.exec("INSERT INTO event (time, kind, subject, data_json) VALUES (1, 'k', 's', '{}')");
    old.close();
    openCatalog(folder, [...migrations, next]).close();
    const [backup] = readdirSync(join(folder, "backups"));
    const copy = new Database(join(folder, "backups", backup ?? ""), { readonly: true });
    expect(copy.prepare("SELECT count(*) AS n FROM event").get()).toEqual({ n: 1 });
    expect(copy.pragma("user_version", { simple: true })).toBe(migrations.length);
    copy.close();
  });

  test("one that fails half-way leaves the catalog as it was", () => {
    const folder = temporaryFolder();
    const before = openCatalog(folder);
    const schema = schemaOf(before.db);
    before.close();
    const broken = { ...next, sql: `${next.sql} INSERT INTO nowhere VALUES (1);` };
    expect(() => openCatalog(folder, [...migrations, broken])).toThrow(
      expect.objectContaining({ code: "MIGRATION_FAILED" }),
    );
    const after = openCatalog(folder);
    expect(schemaOf(after.db)).toEqual(schema);
    after.close();
  });

  test("one that breaks a reference is taken back", () => {
    const folder = temporaryFolder();
    openCatalog(folder).close();
    const broken = {
      ...next,
      sql: `INSERT INTO run_value (column_id, run_no, number) VALUES (1, 1, 1);`,
    };
    expect(() => openCatalog(folder, [...migrations, broken])).toThrow(
      /refer to rows that are gone/,
    );
  });

  test("a newer catalog is refused and left alone", () => {
    const folder = temporaryFolder();
    openCatalog(folder, [...migrations, next]).close();
    expect(() => openCatalog(folder)).toThrow(expect.objectContaining({ code: "CATALOG_TOO_NEW" }));
    openCatalog(folder, [...migrations, next]).close();
  });
});
