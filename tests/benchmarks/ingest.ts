/**
 * Metric points from `metrics.jsonl` to queryable, by the way that the engine takes: the file,
 * its lines, the catalog with WAL, the read offset in the same transaction. 1,000 series in one
 * file, more data than SQLite's cache holds, while a worker draws charts from a connection of its
 * own. The same lines go through MLflow's and Aim's own Python interface where they are installed.
 *
 *     node tests/benchmarks/ingest.ts [--json] [--points N]
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { createCatalog } from "../../core/catalog/catalog.ts";
import type { EngineStore } from "../../core/domain/ports.ts";
import { uniformGenerator } from "../../core/domain/seed.ts";
import { ingestAttempt } from "../../core/engine/ingest.ts";
import { beginAttempt } from "../support/attempt.ts";
import { type Figure, quantile, report } from "../support/benchmark.ts";

const seriesCount = 1000;
const { values: options } = parseArgs({
  options: { json: { type: "boolean" }, points: { type: "string", default: "10000000" } },
});
/** Lines as Python's json.dumps writes them: numbers in full length, a space behind each colon. */
async function writeMetrics(file: string, perLine: number, count: number): Promise<void> {
  const random = uniformGenerator(perLine);
  const names = Array.from({ length: seriesCount }, (_, index) => `train/metric_${index}`);
  const linesPerStep = seriesCount / perLine;
  const stream = createWriteStream(file);
  for (let line = 0; line < count / perLine;) {
    const lines: string[] = [];
    for (const end = Math.min(line + 2000, count / perLine); line < end; line++) {
      const fields = [`"step": ${Math.floor(line / linesPerStep)}`];
      fields.push(`"time": ${1.7e9 + line * 0.0137 + random() / 1000}`);
      for (let index = 0; index < perLine; index++)
        fields.push(`"${names[(line * perLine + index) % seriesCount]}": ${random()}`);
      lines.push(`{${fields.join(", ")}}\n`);
    }
    if (!stream.write(lines.join(""))) await once(stream, "drain");
  }
  stream.end();
  await once(stream, "finish");
}

/** Ingests a file of `count` points and says what that took. */
async function measure(root: string, perLine: number, count: number) {
  const folder = join(root, `per-line-${perLine}`);
  const out = join(folder, "attempt", "run", "out");
  mkdirSync(out, { recursive: true });
  await writeMetrics(join(out, "metrics.jsonl"), perLine, count);
  const catalog = createCatalog(folder, { now: () => Date.now() }, () => "job");
  const store = catalog.jobs.engineStore;
  const attempt = beginAttempt(catalog, join(folder, "attempt"));
  const reader = new Worker(new URL("../fixtures/chart-reader.ts", import.meta.url), {
    workerData: { file: join(folder, "catalog.sqlite") },
  });
  await once(reader, "message"); // it reads
  const commits: number[] = [];
  const packs: number[] = [];
  const timed: EngineStore = {
    ...store,
    appendMetrics(...given) {
      const before = process.threadCpuUsage();
      store.appendMetrics(...given);
      commits.push(milliseconds(process.threadCpuUsage(before)));
    },
    packMetrics(...given) {
      const before = process.threadCpuUsage();
      const isMore = store.packMetrics(...given);
      packs.push(milliseconds(process.threadCpuUsage(before)));
      return isMore;
    },
  };
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const before = process.threadCpuUsage();
  const start = performance.now();
  await ingestAttempt(timed, attempt, true, Infinity);
  const duration = performance.now() - start;
  const core = milliseconds(process.threadCpuUsage(before));
  delay.disable();
  reader.postMessage("end");
  const [charts] = (await once(reader, "message")) as [{ times: number[]; points: number }];
  await reader.terminate();
  catalog.close();
  if (charts.points !== count) throw new Error(`${charts.points} of ${count} points can be read`);
  const bytes = statSync(join(folder, "catalog.sqlite")).size;
  rmSync(folder, { recursive: true });
  return {
    rate: (1000 * count) / duration,
    /** By the processor time of the ingesting thread. */
    rateOfCore: (1000 * count) / core,
    /** Milliseconds. */
    delay: delay.percentile(99) / 1e6,
    commit: quantile(commits, 0.99),
    pack: quantile(packs, 0.99),
    chart: quantile(charts.times, 0.5),
    bytesPerPoint: bytes / count,
  };
}

function milliseconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}

/** Points per second of another tracker with the same kind of lines, or null if it is absent. */
function measurePeer(name: "mlflow" | "aim", root: string): number | null {
  const script = fileURLToPath(new URL("../fixtures/tracker-ingest.py", import.meta.url));
  const folder = join(root, name);
  mkdirSync(folder);
  const result = spawnSync("python3", [script, name, "20", "10"], {
    cwd: folder,
    encoding: "utf8",
  });
  if (result.status === 0) return Number(result.stdout);
  const why = result.error?.message ?? result.stderr.trim().split("\n").at(-1);
  process.stderr.write(`${name} is absent: ${why}\n`);
  return null;
}

const root = mkdtempSync(join(tmpdir(), "gauntlet-ingest-"));
try {
  const count = Number(options.points);
  const ten = await measure(root, 10, count);
  const one = await measure(root, 1, count * 0.3);
  const figures: Figure[] = [
    { key: "points_per_second_10_per_line", ...rate(ten.rate), reach: ">= 1,000,000" },
    { key: "points_per_second_1_per_line", ...rate(one.rate), reach: ">= 300,000" },
    // What a busy machine leaves of the above cannot be compared; this can.
    { key: "points_per_core_second_10_per_line", ...rate(ten.rateOfCore), reach: ">= 1,000,000" },
    { key: "points_per_core_second_1_per_line", ...rate(one.rateOfCore), reach: ">= 300,000" },
    { key: "loop_delay_p99_ms", value: Math.max(ten.delay, one.delay), unit: "ms", reach: "<= 50" },
    { key: "commit_core_ms_p99", value: Math.max(ten.commit, one.commit), unit: "ms" },
    { key: "pack_core_ms_p99", value: Math.max(ten.pack, one.pack), unit: "ms" },
    { key: "chart_while_ingesting_ms_median", value: ten.chart, unit: "ms" },
    { key: "bytes_per_point", value: ten.bytesPerPoint, unit: "bytes" },
  ];
  for (const name of ["mlflow", "aim"] as const) {
    const peer = measurePeer(name, root);
    if (peer !== null) figures.push({ key: `points_per_second_${name}`, ...rate(peer) });
  }
  report("ingest", figures);
} finally {
  rmSync(root, { recursive: true, force: true });
}

function rate(value: number) {
  return { value, unit: "points/s" };
}
