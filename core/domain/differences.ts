/** A value of a table of differences: what can be laid side by side on one line. */
export type Comparable = string | number | boolean | null;

/** One line of a comparison: what it is, and its value in each of the things compared. */
export type ComparedRow = { name: string; values: Comparable[]; differs: boolean };

/**
 * Lays records side by side: one row per name that any of them has, sorted by name, null where one
 * has it not. Nested objects are rows of their own (`host.cpu`); lists are shown as JSON.
 */
export function compareRecords(records: readonly Readonly<Record<string, unknown>>[]) {
  const flat = records.map((record) => flatten(record));
  const names = [...new Set(flat.flatMap((record) => [...record.keys()]))].toSorted();
  return names.map((name): ComparedRow => {
    const values = flat.map((record) => record.get(name) ?? null);
    return { name, values, differs: values.some((value) => value !== values[0]) };
  });
}

/** A record's values by name, as `compareRecords` names them. */
export function flatten(
  record: Readonly<Record<string, unknown>>,
  prefix = "",
  into = new Map<string, Comparable>(),
): Map<string, Comparable> {
  for (const [key, value] of Object.entries(record)) {
    const name = `${prefix}${key}`;
    if (value === null || value === undefined) continue;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      into.set(name, value);
    else if (Array.isArray(value)) into.set(name, JSON.stringify(value));
    else if (typeof value === "object") flatten(value as Record<string, unknown>, `${name}.`, into);
  }
  return into;
}
