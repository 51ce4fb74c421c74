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
import type { JobSpec } from "../../core/domain/job-spec.ts";
import { uniformGenerator } from "../../core/domain/seed.ts";
import { ingestAttempt } from "../../core/engine/ingest.ts";
import { type Figure, quantile, report } from "../support/benchmark.ts";

const seriesCount = 1000;
const { values: options } = parseArgs({
  options: { json: { type: "boolean" }, points: { type: "string", default: "10000000" } },
});
const spec: JobSpec = {
  stage: "train",
  command: ["/bin/true"],
  cwd: ".",
  env: {},
  parameters: {},
  seed: 0,
  resources: { cpus: 1, gpus: 0 },
  timeLimit: 1000,
  silenceLimit: 1000,
  retries: 0,
  inputs: {},
};

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
  catalog.jobs.add({ id: "job", runner: "process", priority: 0, spec });
  const job = store.job("job");
  if (!job) throw new Error("the job was not added");
  const attempt = store.beginAttempt(job, join(folder, "attempt"), []);
  const reader = new Worker(new URL("../fixtures/chart-reader.ts", import.meta.url), {
    workerData: { file: join(folder, "catalog.sqlite") },
  });
  await once(reader, "message"); // it reads
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const cpu = process.threadCpuUsage();
  const start = performance.now();
  await ingestAttempt(store, attempt, true);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.threadCpuUsage(cpu);
  delay.disable();
  reader.postMessage("end");
  const [charts] = (await once(reader, "message")) as [{ times: number[]; points: number }];
  await reader.terminate();
  catalog.close();
  if (charts.points !== count) throw new Error(`${charts.points} of ${count} points can be read`);
  const bytes = statSync(join(folder, "catalog.sqlite")).size;
  rmSync(folder, { recursive: true });
  return {
    rate: count / seconds,
    coreShare: (user + system) / 1e6 / seconds,
    delayP99: delay.percentile(99) / 1e6,
    delayMax: delay.max / 1e6,
    chartMedian: quantile(charts.times, 0.5),
    bytesPerPoint: bytes / count,
  };
}

const root = mkdtempSync(join(tmpdir(), "gauntlet-ingest-"));
try {
  const count = Number(options.points);
  const ten = await measure(root, 10, count);
  const one = await measure(root, 1, count * 0.3);
  report("ingest", [
    {
      key: "points_per_second_10_per_line",
      value: ten.rate,
      unit: "points/s",
      reach: ">= 1,000,000",
    },
    { key: "points_per_second_1_per_line", value: one.rate, unit: "points/s", reach: ">= 300,000" },
    {
      key: "loop_delay_p99_ms",
      value: Math.max(ten.delayP99, one.delayP99),
      unit: "ms",
      reach: "<= 50",
    },
    { key: "loop_delay_max_ms", value: Math.max(ten.delayMax, one.delayMax), unit: "ms" },
    { key: "core_share_10_per_line", value: ten.coreShare, unit: "cores" },
    { key: "core_share_1_per_line", value: one.coreShare, unit: "cores" },
    { key: "chart_while_ingesting_ms_median", value: ten.chartMedian, unit: "ms" },
    { key: "bytes_per_point", value: ten.bytesPerPoint, unit: "bytes" },
  ]);
} finally {
  rmSync(root, { recursive: true, force: true });
}
