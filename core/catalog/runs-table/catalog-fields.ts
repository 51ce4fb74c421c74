import type { Database } from "better-sqlite3";
import {
  activeScore,
  type Field,
  type FieldKind,
  type FieldType,
  nameOfField,
  ownFields,
} from "../../../shared/query/fields.ts";

type ColumnRow = { id: number; kind: FieldKind; name: string; runs: number; texts: number };

export type CatalogFields = ReturnType<typeof createCatalogFields>;

/**
 * The columns of run_value as fields of the query language. Of a score's columns, one per threat
 * model, the one with the most runs counts: results under different ones are never mixed.
 */
export function createCatalogFields(db: Database) {
  // The other columns are those of the row with the largest `runs`.
  const largest = db.prepare<[FieldKind, string], ColumnRow | { id: null }>(
    `SELECT id, kind, name, max(runs) AS runs, texts FROM run_column
     WHERE kind = ? AND name = ?`,
  );
  const hasSet = db.prepare<[string], { name: string }>(
    "SELECT name FROM attack_set WHERE name = ?",
  );
  const activeSet = db.prepare<[], string>("SELECT name FROM attack_set WHERE active = 1").pluck();
  const all = db.prepare<[], ColumnRow>(
    `SELECT id, kind, name, max(runs) AS runs, texts FROM run_column WHERE runs > 0
     GROUP BY kind, name ORDER BY kind, name`,
  );
  const experiments = db
    .prepare<[], string>("SELECT DISTINCT name FROM experiment ORDER BY name")
    .pluck();
  const datasets = db
    .prepare<[], string>("SELECT DISTINCT name FROM dataset ORDER BY name")
    .pluck();

  function select(kind: FieldKind, name: string): ColumnRow | undefined {
    const row = largest.get(kind, name);
    return row === undefined || row.id === null ? undefined : row;
  }

  function columnOf(field: Field): ColumnRow | undefined {
    if (field.kind === "score" && field.name === "") {
      const name = activeSet.get();
      return name === undefined ? undefined : select("score", name);
    }
    return select(field.kind, field.name);
  }

  function find(kind: FieldKind, name: string): Field | undefined {
    const row = select(kind, name);
    if (row) return fieldOf(row);
    if (kind === "score" && hasSet.get(name)) return { ...activeScore, name };
    return undefined;
  }

  return {
    /** The set that `score` means. */
    activeSet: () => activeSet.get() ?? null,
    /** The field of this kind and name, if any run has or had a value of it. */
    find,
    /** The column of run_value that holds a field's values; undefined when there are none. */
    columnOf,
    /** All that can be named, for suggestions. */
    names(): string[] {
      const own = [...ownFields, activeScore];
      return [...own, ...all.all().map(fieldOf)].map((field) => nameOfField(field, find));
    },
    /** The catalog's own fields with the number of runs that have them. */
    list(): { field: Field; runs: number }[] {
      return all
        .all()
        .filter(({ kind, name }) => kind !== "parameter" || name !== "seed")
        .map((row) => ({ field: fieldOf(row), runs: row.runs }));
    },
    /** Columns in the order of how many runs have them. */
    fullest(limit: number): Field[] {
      return all
        .all()
        .toSorted((a, b) => b.runs - a.runs)
        .slice(0, limit)
        .map(fieldOf);
    },
    /** What every run has, with the values that there are few of. */
    own(): Field[] {
      const values: Record<string, string[]> = {
        experiment: experiments.all(),
        dataset: datasets.all(),
      };
      return ownFields.map((field) => ({ ...field, values: values[field.name] ?? field.values }));
    },
  };
}

function fieldOf({ kind, name, runs, texts }: ColumnRow): Field {
  return { kind, name, aspect: "last", type: typeOf(runs, texts), values: null };
}

function typeOf(runs: number, texts: number): FieldType {
  if (runs === 0) return "any";
  if (texts === 0) return "number";
  return texts === runs ? "text" : "any";
}
