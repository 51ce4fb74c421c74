/**
 * How long it takes from the start of a process to an answer, in a catalog with 100,000 runs: a core
 * that gives the first page of the runs table, and `gauntlet runs list` as a whole.
 *
 *     node tests/benchmarks/start.ts [--json] [--runs N] [--rounds N]
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { quantile, report } from "../support/benchmark.ts";
import { fillCatalog } from "../support/many-runs.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean" },
    runs: { type: "string", default: "100000" },
    rounds: { type: "string", default: "7" },
  },
});
const runs = Number(options.runs);
const program = fileURLToPath(new URL("../../cli/gauntlet.mjs", import.meta.url));

/** A core of its own process that asks for the first page, as the page of the app does. */
const firstPage = fileURLToPath(new URL("../fixtures/first-page.ts", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "gauntlet-start-"));
try {
  fillCatalog(folder, runs);
  const open: number[] = [];
  const page: number[] = [];
  const all: number[] = [];
  const list: number[] = [];
  // The first round fills caches and is not counted.
  for (let round = 0; round <= Number(options.rounds); round++) {
    const core = spawnSync(process.execPath, [firstPage, folder], {
      encoding: "utf8",
      env: { ...process.env, NODE_COMPILE_CACHE: join(folder, "compiled") },
    });
    if (core.status !== 0) throw new Error(core.stderr);
    const said = JSON.parse(core.stdout) as Record<"open" | "page" | "all" | "rows", number>;
    if (said.rows !== 64) throw new Error(`a page of ${said.rows} rows`);
    const started = performance.now();
    const { status, stdout } = spawnSync(
      process.execPath,
      [program, "runs", "list", "--data", folder],
      {
        encoding: "utf8",
      },
    );
    const took = performance.now() - started;
    if (status !== 0 || !stdout.includes("run")) throw new Error("gauntlet runs list failed");
    if (round === 0) continue;
    open.push(said.open);
    page.push(said.page);
    all.push(said.all);
    list.push(took);
  }
  report("start", [
    { key: "runs", value: runs, unit: "runs" },
    { key: "open_ms", value: quantile(open, 0.5), unit: "ms" },
    { key: "first_page_ms", value: quantile(page, 0.5), unit: "ms" },
    { key: "process_to_first_page_ms", value: quantile(all, 0.5), unit: "ms", reach: "1,000" },
    { key: "runs_list_ms", value: quantile(list, 0.5), unit: "ms" },
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
