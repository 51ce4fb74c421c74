/**
 * The runs table of a catalog with 100,000 runs and 30 columns: what a query takes in the core at
 * its columns' first use (cold) and later (a run changes before each, so that nothing can be kept),
 * what the next page takes when nothing changed (scroll), how free the core's loop stays
 * meanwhile, and how soon after the start the first page is there. The runs are made by SQL in the
 * shape that the catalog gives them.
 *
 *     node tests/benchmarks/runs-table.ts [--json] [--runs N] [--keep FOLDER]
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createRouterClient } from "@orpc/server";
import Database from "better-sqlite3";
import { createCore } from "../../core/core.ts";
import type { RunsTableInput } from "../../shared/runs-table.ts";
import { type Figure, quantile, report } from "../support/benchmark.ts";
import { fillCatalog, metricNames } from "../support/many-runs.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean" },
    runs: { type: "string", default: "100000" },
    keep: { type: "string" },
  },
});

type Query = Partial<RunsTableInput>;

const columns = metricNames.slice(0, 12);
const runs = Number(options.runs);
const deep = runs - 200;

const queries: Record<string, Query> = {
  metric_sort: { sort: [{ field: "train/loss", descending: false, statistic: "mean" }] },
  text_search: { query: "kestrel" },
  regular_expression: { query: "name =~ /^am.*(kestrel|heron)-\\d*7$/i" },
  or_of_comparisons: {
    query: "test/accuracy > 0.7 OR train/loss < 0.2 OR lr within [0.01, 0.05] OR epochs = 40",
    sort: [{ field: "test/accuracy", descending: true, statistic: "mean" }],
  },
  group_by_seed: {
    group: ["seed"],
    sort: [{ field: "test/accuracy", descending: true, statistic: "mean" }],
  },
};

const folder = options.keep ?? mkdtempSync(join(tmpdir(), "gauntlet-runs-table-"));
const figures: Figure[] = [];
try {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, "catalog.sqlite"))) fillCatalog(folder, runs);
  await (await createCore({ data: folder })).close(); // kits are installed once, not per start

  const started = performance.now();
  const core = await createCore({ data: folder });
  const opened = performance.now() - started;
  const client = createRouterClient(core.router);
  const page = await client.runs.table({ columns });
  const start = performance.now() - started;
  if (page.total !== runs || page.rows.length !== 50)
    throw new Error(`the first page has ${page.rows.length} of ${page.total} runs`);

  const writer = new Database(join(folder, "catalog.sqlite"));
  const change = writer.prepare(
    "UPDATE run SET state = state WHERE no = (SELECT max(no) FROM run)",
  );
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const take = async (query: Query): Promise<number> => {
    const before = performance.now();
    await client.runs.table({ columns, ...query });
    return performance.now() - before;
  };
  await take({ sort: [{ field: "created", descending: false, statistic: "mean" }] });
  for (const [name, query] of Object.entries(queries)) {
    const unit = "ms";
    const cold = await take(query);
    figures.push({ key: `${name}_cold_ms`, value: cold, unit });
    const { total } = await client.runs.table({ ...query, limit: 1 });
    const offset = Math.max(0, Math.min(deep, total - 100));
    const times: Record<string, number[]> = { first: [], deep: [], scroll: [] };
    for (let round = 0; round < 10; round++) {
      change.run();
      times["first"]?.push(await take(query));
      change.run();
      times["deep"]?.push(await take({ ...query, offset }));
      times["scroll"]?.push(await take({ ...query, offset: Math.max(0, offset - 50) }));
    }
    for (const [place, taken] of Object.entries(times)) {
      const key = `${name}_${place}_ms`;
      figures.push({ key: `${key}_median`, value: quantile(taken, 0.5), unit, reach: "<= 50" });
      figures.push({ key: `${key}_max`, value: Math.max(...taken), unit });
    }
  }
  delay.disable();
  figures.push(
    { key: "loop_delay_p99_ms", value: delay.percentile(99) / 1e6, unit: "ms", reach: "<= 50" },
    { key: "start_ms", value: start, unit: "ms", reach: "<= 1000 with the page's own" },
    { key: "open_ms", value: opened, unit: "ms" },
  );
  writer.close();
  await core.close();

  // What a user meets who looks at the first page for a moment before asking.
  const again = await createCore({ data: folder });
  const user = createRouterClient(again.router);
  await user.runs.table({ columns });
  await sleep(5000);
  for (const [name, query] of Object.entries(queries)) {
    const before = performance.now();
    await user.runs.table({ columns, ...query });
    const value = performance.now() - before;
    figures.push({ key: `${name}_after_a_look_ms`, value, unit: "ms", reach: "<= 50" });
  }
  await again.close();
} finally {
  if (options.keep === undefined) rmSync(folder, { recursive: true, force: true });
}
report("runs-table", figures);
