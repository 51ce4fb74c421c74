/**
 * Deleting a run of a million metric points and two thousand files: how long it takes, and how long
 * the core's loop is held at a time meanwhile.
 *
 *     node tests/benchmarks/deletion.ts [--json] [--points N] [--files N]
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createRouterClient } from "@orpc/server";
import { createCore } from "../../core/core.ts";
import { type Figure, report } from "../support/benchmark.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean" },
    points: { type: "string", default: "1000000" },
    files: { type: "string", default: "2000" },
  },
});

const program = `import { appendFileSync, writeFileSync } from "node:fs";
const out = process.env.GAUNTLET_RUN_DIR + "/out";
for (let i = 0; i < ${Number(options.files)}; i++) writeFileSync(out + "/file" + i, "content " + i);
let text = "";
for (let step = 0; step < ${Number(options.points) / 10}; step++) {
  text += JSON.stringify({ step, a: step, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9, j: 10 }) + "\\n";
  if (step % 5000 === 4999) { appendFileSync(out + "/metrics.jsonl", text); text = ""; }
}
appendFileSync(out + "/metrics.jsonl", text);
`;

const figures: Figure[] = [];

async function measure(what: string, work: () => Promise<unknown>): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await sleep(20); // its timer has to fire once before and once after to see every hold-up
  const start = performance.now();
  await work();
  const time = performance.now() - start;
  await sleep(20);
  delay.disable();
  figures.push(
    { key: `${what}_ms`, value: time, unit: "ms" },
    { key: `${what}_loop_ms_p99`, value: delay.percentile(99) / 1e6, unit: "ms", reach: "<= 50" },
    { key: `${what}_loop_ms_max`, value: delay.max / 1e6, unit: "ms" },
  );
}

const root = await mkdtemp(join(tmpdir(), "gauntlet-deletion-"));
const core = await createCore({ data: join(root, "data") });
try {
  const client = createRouterClient(core.router);
  const folder = await mkdtemp(join(root, "experiment-"));
  const spec = "name: large\ntrain: { command: [node, train.mjs] }\n";
  await writeFile(join(folder, "gauntlet.yaml"), spec);
  await writeFile(join(folder, "train.mjs"), program);
  const { run } = await client.runs.submit({ folder });
  while (!(await client.work.progress({ runs: [run], evaluations: [] })).done) await sleep(100);
  await sleep(1000);
  const remove = (dryRun: boolean) => client.runs.delete({ runs: [run], dryRun });
  // Beside nothing at all, for what the machine itself holds the loop up.
  await measure("idle", () => sleep(5000));
  await measure("plan", () => remove(true));
  await measure("delete", () => remove(false));
} finally {
  await core.close();
  await rm(root, { recursive: true, force: true });
}
report("deletion", figures);
