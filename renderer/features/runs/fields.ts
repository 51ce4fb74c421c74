/** Which columns the runs table has: the fields that say most, until someone chooses. */
import { fieldLookup, nameOfField } from "../../../shared/query/fields.ts";
import type { RunField } from "../../../shared/runs-table.ts";
import { curveColumns, metricOfCurve } from "./curves.ts";

/** Told by each row itself. */
export const ownColumns = ["state", "experiment", "label", "seed", "duration", "created"] as const;

/** What of some columns the core must be asked for: the rest is told by each row, or is a curve. */
export function askedOf(columns: readonly string[]): string[] {
  return columns.filter(
    (name) =>
      metricOfCurve(name) === null &&
      (name === "duration" || !ownColumns.some((own) => own === name)),
  );
}

export type FieldOption = { name: string; kind: RunField["kind"]; runs: number };

/** All that can be a column, by the name that the core knows it by. */
export function fieldOptions(fields: readonly RunField[]): FieldOption[] {
  const lookup = fieldLookup(fields);
  return fields
    .map((field) => ({ name: nameOfField(field, lookup), kind: field.kind, runs: field.runs }))
    .filter(({ name }) => !["name", "id"].includes(name));
}

const mostOfKind = { score: 1, summary: 2, metric: 3 };
/** Counters and settings tell nothing at the end. */
const silent = /(^|\/)(epoch|step|iteration|samples|lr|learning_rate)$/i;

/** The course that says most: of a loss, or else of the metric that most runs have. */
function likelyCurve(fields: readonly RunField[]): string[] {
  const curves = curveColumns(fields)
    .filter(({ name, runs }) => runs > 0 && !silent.test(name))
    .sort((a, b) => b.runs - a.runs);
  const chosen = curves.find(({ name }) => /loss/i.test(name)) ?? curves[0];
  return chosen ? [chosen.name] : [];
}

/** State, what sets the run apart, the score, a few results that most runs have, and when. */
export function defaultColumns(fields: readonly RunField[]): string[] {
  const options = fieldOptions(fields.filter(({ aspect }) => aspect === "last"));
  const some = (kind: keyof typeof mostOfKind) =>
    options
      .filter((option) => option.kind === kind && !silent.test(option.name))
      // A kind in front of the name: a parameter of this name says it already.
      .filter(({ name }) => !name.includes(":"))
      .filter(({ name, runs }) => name === "score" || runs > 0)
      .sort((a, b) => b.runs - a.runs)
      .slice(0, mostOfKind[kind])
      .map(({ name }) => name);
  return [
    "state",
    "label",
    ...some("score"),
    ...likelyCurve(fields),
    ...some("summary"),
    ...some("metric"),
    "seed",
    "duration",
    "created",
  ];
}

/** Those of some chosen columns that this catalog has: the choice may come from another one. */
export function knownColumns(chosen: readonly string[], fields: readonly RunField[]): string[] {
  const known = new Set<string>([
    ...ownColumns,
    ...[...fieldOptions(fields), ...curveColumns(fields)].map(({ name }) => name),
  ]);
  return chosen.filter((name) => known.has(name));
}
