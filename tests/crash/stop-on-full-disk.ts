/**
 * A job that fills the disk of the data folder, and again whatever becomes free, is stopped. To be
 * run in a mount namespace of its own: `unshare -rm node stop-on-full-disk.ts FOLDER`. Prints what
 * was seen as JSON.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRouterClient } from "@orpc/server";
import { createCore } from "../../core/core.ts";

const [, , folder = ""] = process.argv;
const disk = join(folder, "disk");
const experiment = join(folder, "experiment");
const [full, pidFile] = [join(folder, "full"), join(folder, "pid")];
for (const path of [disk, experiment]) mkdirSync(path);
execFileSync("mount", ["-t", "tmpfs", "-o", `size=${96 * 2 ** 20}`, "tmpfs", disk]);

writeFileSync(
  join(experiment, "gauntlet.yaml"),
  "name: greedy\ntrain: { command: [node, train.mjs] }\n",
);
writeFileSync(
  join(experiment, "train.mjs"),
  `import { appendFileSync, writeFileSync } from "node:fs";
const run = process.env.GAUNTLET_RUN_DIR;
writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
// More than the reserve of the data folder: it can be kept only once there is space.
writeFileSync(run + "/out/result.bin", Buffer.alloc(${32 * 2 ** 20}));
function fill() {
  try {
    for (;;) appendFileSync(run + "/big.bin", Buffer.alloc(65536));
  } catch {}
  try {
    for (;;) appendFileSync(run + "/out/metrics.jsonl", '{"loss": 1}\\n');
  } catch {}
}
fill();
writeFileSync(${JSON.stringify(full)}, "");
setInterval(fill, 20);
`,
);

const core = await createCore({ data: join(disk, "data"), cpus: 1 });
const client = createRouterClient(core.router);
const { run } = await client.runs.submit({ folder: experiment });
while (!existsSync(full)) await sleep(20);
const stateOf = async () => (await client.work.progress({ runs: [run], evaluations: [] })).runs[0];
const { seq } = await client.work.progress({ runs: [run], evaluations: [] });
/** As whoever follows asks: only for what changed, and for what it has shown as troubled. */
const heardOf = async (troubled: string[]) =>
  (await client.work.progress({ runs: [run], evaluations: [], since: seq, troubled })).runs[0];
let condition: string | null = null;
while (condition === null) {
  await sleep(20);
  condition = (await heardOf([]))?.condition ?? null;
}

const { stopped } = await client.runs.stop({ run });
const pid = Number(readFileSync(pidFile, "utf8"));
while (existsSync(`/proc/${pid}`)) await sleep(20);
while ((await stateOf())?.jobState !== "collecting") await sleep(20);

const [attempt] = (await client.runs.get({ run })).attempts;
// Not below out/: what is being kept must not vanish meanwhile.
rmSync(join(disk, "data", "jobs", attempt?.job ?? "", "1", "run", "big.bin"));
while ((await stateOf())?.state === "running") await sleep(20);
const cleared = (await heardOf([run]))?.condition === null;
const { state } = await client.runs.get({ run });
await core.close();
const reserved = readdirSync(join(disk, "data", "reserve")).length;
process.stdout.write(JSON.stringify({ condition, cleared, stopped, state, reserved }));
