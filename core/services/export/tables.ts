import { setImmediate as nextTurn } from "node:timers/promises";
import { fieldLookup, nameOfField } from "../../../shared/query/fields.ts";
import type { RunField } from "../../../shared/runs-table.ts";
import { attackLabel } from "../../../shared/schemas/attack.ts";
import type { ExportRequest } from "../../../shared/views.ts";
import { flatten } from "../../domain/differences.ts";
import type { CoreContext } from "../context.ts";
import { resolveAttacks } from "../evaluations.ts";
import { findModel } from "../find.ts";
import { leaderboard } from "../leaderboard.ts";
import { findRun } from "../runs.ts";
import type { ExportColumn, ExportRow, ExportTable } from "./write-table.ts";

/** Rows asked for at a time. */
const pageSize = 1000;
const pointsAtOnce = 20_000;

/** The table that a request means. Throws what reading it throws. */
export async function tableOf(context: CoreContext, request: ExportRequest): Promise<ExportTable> {
  switch (request.what) {
    case "runs":
      return runsTable(context, request);
    case "metrics":
      return metricsTable(context, request.runs);
    case "outcomes":
      return outcomesTable(context, request);
    case "environment":
      return environmentTable(context, request.runs);
    case "leaderboard":
      return leaderboardTable(context, request.set);
  }
}

const runFacts: readonly ExportColumn[] = [
  { name: "id", type: "text" },
  { name: "name", type: "text" },
  { name: "experiment", type: "text" },
  { name: "version", type: "integer" },
  { name: "label", type: "text" },
  { name: "state", type: "text" },
  { name: "reason", type: "text" },
  { name: "dataset", type: "text" },
  { name: "seed", type: "integer" },
  { name: "created", type: "text" },
  { name: "started", type: "text" },
  { name: "ended", type: "text" },
];

/** What was noticed of a run, and what people note about it. */
const annotations: ReadonlySet<string> = new Set(["condition", "starred", "tags", "notes"]);

/** One row per run, one column per parameter, metric, final value and score that any of them has. */
async function runsTable(
  { catalog, clock }: CoreContext,
  { query, columns }: Extract<ExportRequest, { what: "runs" }>,
): Promise<ExportTable> {
  const fields = await catalog.reader.read("runFields", null);
  const lookup = fieldLookup(fields);
  const named = new Map(fields.map((field) => [nameOfField(field, lookup), field]));
  const wanted =
    columns.length > 0
      ? columns
      : [...named].flatMap(([name, field]) =>
          isValue(field) || annotations.has(name) ? [name] : [],
        );
  const typeOf = (name: string): ExportColumn["type"] =>
    named.get(name)?.type === "number" ? "number" : "text";
  const taken = new Set(runFacts.map(({ name }) => name));
  const values = wanted
    .filter((name) => !taken.has(name))
    .map((name): ExportColumn => ({ name, type: typeOf(name) }));
  const names = values.map(({ name }) => name);
  async function* rows(): AsyncGenerator<ExportRow> {
    // The newest run comes last, so that one that is added meanwhile moves no page.
    const sort = [{ field: "created", descending: false, statistic: "mean" as const }];
    const told = new Set<string>();
    for (let offset = 0; ;) {
      const request = { query, sort, group: null, columns: names, limit: pageSize, offset };
      const page = await catalog.reader.read("runsTable", { ...request, now: clock.now() });
      const fresh = page.rows.filter(({ id }) => !told.has(id));
      // Pages overlap by a row. Where they do not, runs were deleted and later ones moved up.
      if (offset > 0 && fresh.length === page.rows.length) {
        offset = Math.max(0, offset - pageSize);
        continue;
      }
      for (const row of fresh) {
        told.add(row.id);
        const { id, name, experiment, version, label, state, reason, dataset, seed } = row;
        yield {
          id,
          name,
          experiment,
          version,
          label,
          state,
          reason,
          dataset,
          seed,
          created: isoTime(row.createdAt),
          started: isoTime(row.startedAt),
          ended: isoTime(row.endedAt),
          ...Object.fromEntries(
            values.map((column, index) => [column.name, cellOf(column, row.values[index] ?? null)]),
          ),
        };
      }
      if (page.rows.length < pageSize) return;
      offset += pageSize - 1;
    }
  }
  return { columns: [...runFacts, ...values], rows: rows() };
}

function isValue({ kind, aspect }: RunField): boolean {
  return kind !== "run" && aspect === "last";
}

/** A column of a file has one type: what is a number in some runs only is text. */
function cellOf({ type }: ExportColumn, value: string | number | null): string | number | null {
  if (type === "text") return value === null ? null : String(value);
  return typeof value === "number" ? value : null;
}

function isoTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

/** One row per point that the runs reported, in the order in which they came. */
function metricsTable(context: CoreContext, names: readonly string[]): ExportTable {
  const { catalog } = context;
  const runs = names.map((name) => findRun(context, name));
  const whole = { axis: "position", from: null, to: null } as const;
  async function* rows(): AsyncGenerator<ExportRow> {
    for (const { id, name: run } of runs)
      for (const series of await catalog.reader.read("metricSeries", id)) {
        const { stage, attempt, name: metric } = series;
        for (let start: number | null = 0; start !== null;) {
          const page: Awaited<ReturnType<typeof readPage>> = await readPage(series.id, start);
          for (const [index, value] of page.values.entries())
            yield {
              run,
              stage,
              attempt,
              metric,
              value,
              step: numberOrNull(page.steps[index]),
              time: numberOrNull(page.times[index]),
            };
          start = page.next;
        }
      }
  }
  function readPage(series: number, start: number) {
    return catalog.reader.read("metricPoints", {
      series,
      window: whole,
      start,
      limit: pointsAtOnce,
    });
  }
  return {
    columns: [
      { name: "run", type: "text" },
      { name: "stage", type: "text" },
      { name: "attempt", type: "integer" },
      { name: "metric", type: "text" },
      { name: "step", type: "number" },
      { name: "time", type: "number" },
      { name: "value", type: "number" },
    ],
    rows: rows(),
  };
}

function numberOrNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}

const outcomeColumns: readonly ExportColumn[] = [
  { name: "model", type: "text" },
  { name: "attack", type: "text" },
  { name: "threat_model", type: "text" },
  { name: "evaluation", type: "text" },
  { name: "state", type: "text" },
  { name: "position", type: "integer" },
  { name: "sample", type: "text" },
  { name: "label", type: "integer" },
  { name: "outcome", type: "text" },
  { name: "verdict", type: "text" },
  { name: "reason", type: "text" },
  { name: "detail", type: "text" },
  { name: "clean_pred", type: "integer" },
  { name: "clean_margin", type: "number" },
  { name: "adv_pred", type: "integer" },
  { name: "adv_margin", type: "number" },
  { name: "l0", type: "number" },
  { name: "l1", type: "number" },
  { name: "l2", type: "number" },
  { name: "linf", type: "number" },
  { name: "worst_case", type: "number" },
  { name: "claim_mismatch", type: "boolean" },
  { name: "claimed_outcome", type: "text" },
  { name: "claimed_l2", type: "number" },
  { name: "forwards", type: "integer" },
  { name: "backwards", type: "integer" },
  { name: "queries_to_best", type: "integer" },
  { name: "grad_zero", type: "boolean" },
  { name: "silent", type: "boolean" },
  { name: "milliseconds", type: "number" },
];

/** One row per attacked sample of every evaluation of the models, or of those by some attacks. */
function outcomesTable(
  context: CoreContext,
  { models, attacks }: Extract<ExportRequest, { what: "outcomes" }>,
): ExportTable {
  const { catalog } = context;
  const chosen =
    models.length > 0 ? models.map((name) => findModel(context, name)) : catalog.models.list();
  const only =
    attacks.length > 0 ? new Set(resolveAttacks(context, attacks).map(({ id }) => id)) : null;
  async function* rows(): AsyncGenerator<ExportRow> {
    for (const { id, name: model } of chosen)
      for (const evaluation of catalog.evaluations.ofModel(id)) {
        if (only && !only.has(evaluation.attackId)) continue;
        const attack = attackLabel(catalog.attacks.get(evaluation.attackId).definition);
        const of = { model, attack, threat_model: evaluation.threatModelId };
        for (const record of catalog.outcomes.records(evaluation.id))
          yield {
            ...of,
            evaluation: evaluation.id,
            state: evaluation.state,
            ...record,
            claim_mismatch: record.claim_mismatch === 1,
            grad_zero: flag(record.grad_zero),
            silent: flag(record.silent),
          };
        await nextTurn();
      }
  }
  return { columns: outcomeColumns, rows: rows() };
}

function flag(value: number | null): boolean | null {
  return value === null ? null : value === 1;
}

/** One row per value of each attempt's environment, packages included, named as comparisons name it. */
function environmentTable(context: CoreContext, names: readonly string[]): ExportTable {
  const runs = names.map((name) => findRun(context, name));
  async function* rows(): AsyncGenerator<ExportRow> {
    for (const { id, name: run } of runs) {
      for (const { stage, number: attempt, environment } of context.catalog.runs.attempts(id))
        for (const [name, value] of flatten(environment ?? {}))
          yield { run, stage, attempt, name, value: String(value) };
      await nextTurn();
    }
  }
  return {
    columns: [
      { name: "run", type: "text" },
      { name: "stage", type: "text" },
      { name: "attempt", type: "integer" },
      { name: "name", type: "text" },
      { name: "value", type: "text" },
    ],
    rows: rows(),
  };
}

/** The leaderboard as it is shown, the incomplete models below and without a rank. */
function leaderboardTable(context: CoreContext, set: string): ExportTable {
  const view = leaderboard(context, { set, threatModel: null, epsilons: [], classes: [] });
  const attackColumns = view.set.attacks.map((name): ExportColumn => ({ name, type: "number" }));
  const rows = [...view.ranked, ...view.incomplete].map((row): ExportRow => {
    const { model, label, verified, needed } = row;
    const medians = row.perAttack.map(({ attack, median }) => [attack, median] as const);
    return {
      model,
      label,
      verified,
      needed,
      ...("rank" in row
        ? {
            rank: row.rank,
            score: row.score,
            interval_low: row.interval[0],
            interval_high: row.interval[1],
            clean_accuracy: row.cleanAccuracy,
          }
        : { reason: row.reason }),
      ...Object.fromEntries(medians),
    };
  });
  return {
    columns: [
      { name: "rank", type: "integer" },
      { name: "model", type: "text" },
      { name: "label", type: "text" },
      { name: "score", type: "number" },
      { name: "interval_low", type: "number" },
      { name: "interval_high", type: "number" },
      { name: "clean_accuracy", type: "number" },
      ...attackColumns,
      { name: "verified", type: "integer" },
      { name: "needed", type: "integer" },
      { name: "reason", type: "text" },
    ],
    rows,
  };
}
