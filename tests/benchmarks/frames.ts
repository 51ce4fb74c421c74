/**
 * What a page's main thread works for each frame, from a trace of a real browser: ten series of a
 * million points in one chart, panned with the wheel at every frame; and a job that reports a
 * thousand values a second into an open page. Also the processor time of an idle core. The browser
 * is TESTWORLD_CHROMIUM's.
 *
 *     node tests/benchmarks/frames.ts [--json] [--points N] [--seconds N] [--keep FOLDER]
 */
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import Database from "better-sqlite3";
import { chromium } from "playwright-core";
import { batchOf } from "../../core/catalog/testing/metric-series.ts";
import { openCatalog } from "../../core/catalog/open.ts";
import { createMetricStore } from "../../core/catalog/metrics.ts";
import { uniformGenerator } from "../../core/domain/seed.ts";
import { quantile, report } from "../support/benchmark.ts";
import { frameWorkOf } from "../support/main-thread.ts";
import { fillCatalog } from "../support/many-runs.ts";
import { serveFolder } from "../support/serve-folder.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean" },
    points: { type: "string", default: "1000000" },
    seconds: { type: "string", default: "10" },
    keep: { type: "string" },
  },
});
const program = fileURLToPath(new URL("../../cli/gauntlet.mjs", import.meta.url));
const series = 10;
const perCommit = 50_000;
const seconds = Number(options.seconds);

/** Gives each run an attempt with one long series. */
function fillSeries(data: string, points: number): void {
  fillCatalog(data, series);
  const { db, close } = openCatalog(data);
  const metrics = createMetricStore(db);
  const random = uniformGenerator(2018);
  const runs = db.prepare<[], string>("SELECT id FROM run ORDER BY no").pluck().all();
  runs.forEach((run, index) => {
    const attempt = index + 1;
    db.prepare(
      `INSERT INTO job (id, run_id, stage, runner, state, cpus, gpus, retries, spec_json, created_at)
       VALUES (?, ?, 'train', 'process', 'succeeded', 1, 0, 0, '{}', 0)`,
    ).run(`job-${attempt}`, run);
    db.prepare(
      `INSERT INTO attempt (id, job_id, number, folder, gpus_json, command_json, state, created_at)
       VALUES (?, ?, 1, '/x', '[]', '[]', 'succeeded', 0)`,
    ).run(attempt, `job-${attempt}`);
    for (let start = 0; start < points; start += perCommit) {
      const some = Array.from({ length: Math.min(perCommit, points - start) }, (_, offset) => {
        const step = start + offset;
        const value = Math.exp(-step / 3e5) + index / 20 + random() / 5;
        return { name: "train/loss", step, time: 1.7e9 + step / 100, value };
      });
      metrics.append(attempt, batchOf(some), { offset: 0, skipping: false });
      while (metrics.pack(attempt));
    }
  });
  close();
}

/** A program that reports ten values a hundred times a second. */
const reporter = `import { appendFileSync } from "node:fs";
const file = process.env.GAUNTLET_RUN_DIR + "/out/metrics.jsonl";
const started = performance.now();
let step = 0;
setInterval(() => {
  let lines = "";
  for (; step < (performance.now() - started) / 10; step++) {
    const values = Array.from({ length: 10 }, (_, k) => [\`m\${k}\`, Math.sin(step / 50 + k) + Math.random()]);
    lines += JSON.stringify({ step, ...Object.fromEntries(values) }) + "\\n";
  }
  if (lines !== "") appendFileSync(file, lines);
}, 20);
`;

function runsInOrder(): string[] {
  const db = new Database(join(data, "catalog.sqlite"), { readonly: true });
  try {
    return db.prepare<[], string>("SELECT id FROM run ORDER BY no").pluck().all();
  } finally {
    db.close();
  }
}

const newestRun = (): string => runsInOrder().at(-1) ?? "";

/**
 * Runs in the page: turns the wheel a little at every frame, for some milliseconds. A driver would
 * not be that regular.
 */
const panning = `(element, milliseconds) => new Promise((resolve) => {
  const end = performance.now() + milliseconds;
  let turn = 0;
  const pan = () => {
    if (performance.now() > end) return resolve();
    const deltaX = Math.floor(turn++ / 120) % 2 === 0 ? 4 : -4;
    element.dispatchEvent(new WheelEvent("wheel", { deltaX, bubbles: true, cancelable: true }));
    requestAnimationFrame(pan);
  };
  requestAnimationFrame(pan);
})`;

/** Processor time of a process and all its threads, seconds. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const folder = options.keep ?? mkdtempSync(join(tmpdir(), "gauntlet-frames-"));
const data = join(folder, "data");
mkdirSync(data, { recursive: true });
if (!existsSync(join(data, "catalog.sqlite"))) fillSeries(data, Number(options.points));
const experiment = join(folder, "experiment");
mkdirSync(experiment, { recursive: true });
writeFileSync(
  join(experiment, "gauntlet.yaml"),
  "name: reporter\ntrain: { command: [node, train.mjs] }\n",
);
writeFileSync(join(experiment, "train.mjs"), reporter);

const { link, child, stop } = await serveFolder(data);
const browser = await chromium.launch({
  executablePath: process.env["TESTWORLD_CHROMIUM"] ?? "chromium",
  args: ["--no-sandbox"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(link);
  await page.getByRole("grid", { name: "Runs" }).waitFor();
  const core = child.pid ?? 0;
  await sleep(3000);
  const before = processorTime(core);
  await sleep(seconds * 1000);
  const idle = (processorTime(core) - before) / seconds;

  const runs = runsInOrder().slice(0, series);
  const { origin } = new URL(page.url());
  await page.goto(`${origin}/#/compare?runs=${encodeURIComponent(JSON.stringify(runs))}`);
  const chart = page.getByRole("img", { name: /^Chart of train\/loss/ });
  await chart.locator("canvas").waitFor();
  await sleep(1000);
  const box = await chart.boundingBox();
  if (!box) throw new Error("no chart");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await chart.focus();
  for (let zoom = 0; zoom < 3; zoom++) await page.keyboard.press("+");
  await sleep(1000);
  const panned = await frameWorkOf(browser, page, async () => {
    await page.evaluate(`(${panning})(document.activeElement, ${seconds * 1000})`);
  });

  const known = newestRun();
  const reporting = spawn(process.execPath, [program, "run", experiment, "--data", data], {
    stdio: "ignore",
  });
  while (newestRun() === known) await sleep(50);
  const run = newestRun();
  await page.goto(`${origin}/#/runs/${run}`);
  await page
    .getByRole("img", { name: /^Chart of m0/ })
    .locator("canvas")
    .waitFor();
  await sleep(2000);
  const coreBefore = processorTime(core);
  const live = await frameWorkOf(browser, page, () => sleep(seconds * 1000));
  const busy = (processorTime(core) - coreBefore) / seconds;
  const ended = new Promise((resolve) => reporting.once("exit", resolve));
  await promisify(execFile)(process.execPath, [program, "runs", "stop", run, "--data", data]);
  await ended;

  const unit = "ms";
  const reach = "<= 8";
  report("frames", [
    { key: "pan_p50", value: quantile(panned.frames, 0.5), unit },
    { key: "pan_p95", value: quantile(panned.frames, 0.95), unit, reach },
    { key: "pan_frames_per_s", value: panned.frames.length / seconds, unit: "1/s" },
    { key: "pan_share", value: panned.share * 100, unit: "%" },
    { key: "live_p50", value: quantile(live.frames, 0.5), unit },
    { key: "live_p95", value: quantile(live.frames, 0.95), unit, reach },
    { key: "live_frames_per_s", value: live.frames.length / seconds, unit: "1/s" },
    { key: "live_share", value: live.share * 100, unit: "%" },
    { key: "live_core", value: busy * 100, unit: "%" },
    { key: "idle_core", value: idle * 100, unit: "%", reach: "<= 1" },
  ]);
} finally {
  await browser.close();
  await stop();
}
if (options.keep === undefined) rmSync(folder, { recursive: true, force: true });
