/** The fields of a run that a query, a sort or a column can name. */
import { printName } from "./print.ts";

export const fieldKinds = ["run", "parameter", "metric", "summary", "score"] as const;
export type FieldKind = (typeof fieldKinds)[number];

/**
 * How values are compared: `any` holds numbers in some runs and text in others, `id` is text that
 * is meant by its end, `time` is milliseconds since 1970 UTC, `duration` is milliseconds.
 */
export const fieldTypes = ["text", "id", "number", "time", "duration", "any"] as const;
export type FieldType = (typeof fieldTypes)[number];

/** Which value of a metric: the last one, the smallest or the largest. */
export type Aspect = "last" | "minimum" | "maximum";

export type Field = {
  kind: FieldKind;
  /** Of a score: the attack set's name, empty for the active one. */
  name: string;
  aspect: Aspect;
  type: FieldType;
  /** All that it can be, where these are few. */
  values: readonly string[] | null;
};

const own = (name: string, type: FieldType, values: readonly string[] | null = null): Field => ({
  kind: "run",
  name,
  aspect: "last",
  type,
  values,
});

/** What every run has. `config` is shared by the runs that differ only by seed. */
export const ownFields: readonly Field[] = [
  own("name", "text"),
  own("id", "id"),
  own("experiment", "text"),
  own("version", "number"),
  own("state", "text", ["queued", "running", "succeeded", "failed", "cancelled"]),
  own("reason", "text"),
  own("condition", "text"),
  own("label", "text"),
  own("sweep", "id"),
  own("seed", "number"),
  own("created", "time"),
  own("started", "time"),
  own("ended", "time"),
  own("duration", "duration"),
  own("dataset", "text"),
  own("config", "id"),
  own("starred", "number"),
  own("tags", "text"),
  own("notes", "text"),
];

/** The score under the active attack set. */
export const activeScore: Field = {
  kind: "score",
  name: "",
  aspect: "last",
  type: "number",
  values: null,
};

/** Fields that a bare word is looked for in. */
export const searchedFields: readonly Field[] = ownFields.filter(({ name }) =>
  ["name", "label", "experiment", "id", "tags", "notes"].includes(name),
);

/** What is known of a catalog's own fields: the one of this kind and name, if there is one. */
export type FieldLookup = (kind: FieldKind, name: string) => Field | undefined;

const aspects: Readonly<Record<string, Aspect>> = { ".min": "minimum", ".max": "maximum" };
const aspectEnds: Readonly<Record<Aspect, string>> = { last: "", minimum: ".min", maximum: ".max" };

/**
 * The field that a name means: first what every run has, then parameters, metrics and summary
 * values. `metric:NAME`, `parameter:NAME` and `summary:NAME` mean one kind only; `.min` and `.max`
 * after a metric mean its extremes; `score` is of the active set, `score.SET` of another.
 */
export function resolveField(written: string, lookup: FieldLookup): Field | undefined {
  if (written === "score") return activeScore;
  const ownField = ownFields.find(({ name }) => name === written);
  if (ownField) return ownField;
  if (written.startsWith("score.")) return lookup("score", written.slice("score.".length));
  const [, kind, rest = ""] = /^(parameter|metric|summary):(.+)$/su.exec(written) ?? [];
  if (kind === "metric") return metric(rest, lookup);
  if (kind === "parameter" || kind === "summary") return lookup(kind, rest);
  return (
    lookup("parameter", written) ??
    lookup("metric", written) ??
    lookup("summary", written) ??
    metric(written, lookup)
  );
}

function metric(written: string, lookup: FieldLookup): Field | undefined {
  const exact = lookup("metric", written);
  if (exact) return exact;
  const aspect = aspects[written.slice(-4)];
  const found = aspect && lookup("metric", written.slice(0, -4));
  return found && { ...found, aspect };
}

/** The shortest name that `resolveField` reads as this field. */
export function nameOfField(field: Field, lookup: FieldLookup): string {
  if (field.kind === "score") return field.name === "" ? "score" : `score.${field.name}`;
  const plain = `${field.name}${aspectEnds[field.aspect]}`;
  if (field.kind === "run") return plain;
  const found = resolveField(plain, lookup);
  const isSame =
    found?.kind === field.kind && found.name === field.name && found.aspect === field.aspect;
  return isSame ? plain : `${field.kind}:${plain}`;
}

/** As `nameOfField`, in backticks where the query language needs them. */
export function writtenField(field: Field, lookup: FieldLookup): string {
  return printName(nameOfField(field, lookup));
}

/** Looks fields up in a list, such as the one that the core tells its clients. */
export function fieldLookup(fields: readonly Field[]): FieldLookup {
  const known = new Map(fields.map((field) => [`${field.kind}:${field.name}`, field]));
  return (kind, name) => known.get(`${kind}:${name}`);
}
