import type { Command } from "commander";
import { formatCount, formatDuration, shortId } from "../../shared/format.ts";
import { printName, printValue } from "../../shared/query/print.ts";
import type { GroupRow, RunField, RunRow, RunsTable, TableValue } from "../../shared/runs-table.ts";
import { type Column, dim, printLine, styledState, table } from "../terminal.ts";
import { show } from "./attacks.ts";

export type TableOptions = {
  state?: string;
  experiment?: string;
  where?: string;
  sort?: string;
  columns?: string;
  /** True without a value. */
  group?: string | true;
  limit: number;
  offset: number;
};

/** Whether a list of runs was asked for that only the runs table can give. */
export function asksForTable({ where, sort, columns, group }: TableOptions): boolean {
  return [where, sort, columns, group].some((option) => option !== undefined);
}

/** Prints a page of the runs table, or of its groups. */
export async function showTable(options: TableOptions, command: Command): Promise<void> {
  const sort = fieldsOf(options.sort).map((text) => ({
    field: text.replace(/^-/, ""),
    descending: text.startsWith("-"),
  }));
  const columns =
    options.columns === undefined
      ? [...new Set(sort.map(({ field }) => field))].filter((field) => field !== "runs")
      : fieldsOf(options.columns);
  const group = options.group === undefined ? null : groupOf(options.group);
  await show(
    command,
    (session) =>
      session.call((client) =>
        client.runs.table({
          query: queryOf(options),
          sort,
          columns,
          group,
          limit: options.limit,
          offset: options.offset,
        }),
      ),
    (result) => printTable(result, columns, group),
  );
}

/** Prints every field with its kind and the number of runs that have it. */
export async function listFields(command: Command): Promise<void> {
  await show(
    command,
    (session) => session.call((client) => client.runs.fields({})),
    (fields: RunField[]) =>
      printLine(
        table(fields, [
          { title: "field", value: ({ written }) => written },
          { title: "kind", value: ({ kind }) => kind },
          { title: "type", value: ({ type }) => type },
          { title: "runs", value: ({ runs }) => String(runs), align: "right" },
        ]),
      ),
  );
}

/** Names between commas; a name with commas stands in backticks. */
function fieldsOf(text: string | undefined): string[] {
  if (text === undefined) return [];
  const parts = text.match(/(?:`[^`]*`|[^,`])+/g) ?? [];
  return parts.map((part) => part.trim().replaceAll("`", "")).filter((part) => part !== "");
}

function groupOf(given: string | true): string[] {
  return given === true ? ["seed"] : fieldsOf(given);
}

function queryOf({ where, state, experiment }: TableOptions): string {
  const conditions = [
    ...(where === undefined || where.trim() === "" ? [] : [where]),
    ...(state === undefined ? [] : [`state = ${printValue({ text: state, quoted: true })}`]),
    ...(experiment === undefined
      ? []
      : [`experiment = ${printValue({ text: experiment, quoted: true })}`]),
  ];
  const [only] = conditions;
  // Alone it stays as it was written, so that the place of a mistake is the user's own.
  return only !== undefined && conditions.length === 1
    ? only
    : conditions.map((condition) => `(${condition})`).join(" AND ");
}

function printTable(result: RunsTable, columns: string[], group: string[] | null): void {
  const { rows, groups, total, runs } = result;
  if (rows.length + groups.length === 0) {
    printLine(total === 0 ? "No run matches." : "No more runs.");
    return;
  }
  printLine(group === null ? runsText(rows, columns) : groupsText(groups, columns, group));
  const shown = rows.length + groups.length;
  const of = group === null ? "" : ` in ${formatCount(total, "group")}`;
  if (shown < total || group !== null)
    printLine(dim(`${shown} of ${formatCount(runs, "run")}${of}`));
}

function runsText(rows: RunRow[], columns: string[]): string {
  return table(rows, [
    { title: "run", value: ({ name }) => name },
    { title: "id", value: ({ id }) => shortId(id) },
    { title: "experiment", value: ({ experiment, version }) => `${experiment} v${version}` },
    { title: "what differs", value: ({ label }) => label || "–" },
    { title: "state", value: ({ state }) => state, style: styledState },
    ...columns.map((name, index): Column<RunRow> => ({
      title: printName(name),
      value: ({ values }) => cell(name, values[index] ?? null),
      align: "right",
    })),
  ]);
}

function groupsText(groups: GroupRow[], columns: string[], group: string[]): string {
  const bySeed = group.length === 1 && group[0] === "seed";
  const keys: Column<GroupRow>[] = bySeed
    ? [
        { title: "experiment", value: ({ newest }) => newest.experiment },
        { title: "newest run", value: ({ newest }) => newest.name },
      ]
    : group.map((name, index) => ({
        title: printName(name),
        value: ({ key }) => cell(name, key[index] ?? null),
      }));
  return table(groups, [
    ...keys,
    { title: "runs", value: ({ runs }) => String(runs), align: "right" },
    ...columns.map((name, index): Column<GroupRow> => ({
      title: printName(name),
      value: ({ values }) => summaryText(name, values[index]),
      align: "right",
    })),
  ]);
}

function summaryText(name: string, summary: GroupRow["values"][number] | undefined): string {
  if (!summary) return "–";
  const { mean, deviation, minimum, maximum, text } = summary;
  if (mean === null) return text ?? "–";
  const isTime = name === "created" || name === "started" || name === "ended";
  if (isTime || deviation === null || minimum === maximum) return cell(name, mean);
  return `${cell(name, mean)} ± ${cell(name, deviation)}`;
}

function cell(name: string, value: TableValue): string {
  if (value === null) return "–";
  if (typeof value === "string") return value;
  if (name === "duration") return formatDuration(value);
  if (name === "created" || name === "started" || name === "ended")
    return new Date(value).toISOString().slice(0, 16).replace("T", " ");
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}
