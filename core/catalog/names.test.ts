import { existsSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { nameKindSchema } from "../../shared/views.ts";
import { namesIn } from "./names.ts";
import { openCatalog } from "./open.ts";
import { readCatalog } from "./read-only.ts";

/** A catalog with data sets of these names, oldest first, and its owner's close. */
function catalogWith(...names: string[]) {
  const folder = temporaryFolder();
  const { db, close } = openCatalog(folder);
  const insert = db.prepare(
    `INSERT INTO dataset (id, name, version, hash, folder, manifest_json, size, created_at)
     VALUES (?, ?, '1', ?, '', '{}', 0, 0)`,
  );
  names.forEach((name, i) => insert.run(`id-${i}`, name, `hash-${i}`));
  return { folder, db, close };
}

const range = (prefix: string, limit = 10) => ({ prefix, limit });

describe("names", () => {
  test("newest first, each once", () => {
    const { db, close } = catalogWith("b", "a", "c", "a");
    expect(namesIn(db, "datasets", range(""))).toEqual(["a", "c", "b"]);
    close();
  });

  test("by their beginning, whatever it is made of", () => {
    const { db, close } = catalogWith("a", "aa", "ab", "A", "a_", "a%", "é", "b", "a\u{10fffe}");
    expect(namesIn(db, "datasets", range("a"))).toEqual([
      "a",
      "a%",
      "a_",
      "aa",
      "ab",
      "a\u{10fffe}",
    ]);
    expect(namesIn(db, "datasets", range("a_"))).toEqual(["a_"]);
    expect(namesIn(db, "datasets", range("a%"))).toEqual(["a%"]);
    expect(namesIn(db, "datasets", range("é"))).toEqual(["é"]);
    expect(namesIn(db, "datasets", range("'; DROP TABLE run; --"))).toEqual([]);
    expect(namesIn(db, "datasets", range("a", 2))).toEqual(["a", "a%"]);
    close();
  });

  test("every kind can be asked for", () => {
    const { db, close } = catalogWith("x");
    for (const kind of nameKindSchema.options)
      for (const prefix of ["", "x"])
        expect(namesIn(db, kind, range(prefix)), kind).toEqual(kind === "datasets" ? ["x"] : []);
    close();
  });
});

describe("reading a catalog without owning it", () => {
  const read = (folder: string) => readCatalog(folder, (db) => namesIn(db, "datasets", range("")));

  test("works beside its owner, who sees nothing of it, and after it", () => {
    const { folder, db, close } = catalogWith("one");
    expect(read(folder)).toEqual(["one"]);
    db.exec("UPDATE dataset SET name = 'two'");
    expect(read(folder)).toEqual(["two"]);
    close();
    expect(read(folder)).toEqual(["two"]);
    openCatalog(folder).close();
  });

  test("cannot write", () => {
    const { folder, close } = catalogWith("one");
    expect(() => readCatalog(folder, (db) => db.exec("DELETE FROM dataset"))).toThrow(/readonly/);
    close();
  });

  test("gives nothing for a newer or older catalog, and leaves it as it is", () => {
    const { folder, close } = catalogWith("one");
    close();
    for (const version of [999, 0]) {
      const db = new Database(join(folder, "catalog.sqlite"));
      db.pragma(`user_version = ${version}`);
      db.close();
      expect(read(folder)).toBeUndefined();
      const again = new Database(join(folder, "catalog.sqlite"));
      expect(again.pragma("user_version", { simple: true })).toBe(version);
      again.close();
    }
  });

  test("makes nothing where there is none", () => {
    const folder = join(temporaryFolder(), "nothing");
    expect(read(folder)).toBeUndefined();
    expect(existsSync(folder)).toBe(false);
  });
});
