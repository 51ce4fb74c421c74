/**
 * A run whose results find the disk of the data folder full. To be run in a mount namespace of its
 * own: `unshare -rm node on-small-disk.ts FOLDER LEFT`, with LEFT the bytes left free. Prints what
 * was seen as JSON.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRouterClient } from "@orpc/server";
import { createCore } from "../../core/core.ts";

const [, , folder = "", left = "0"] = process.argv;
const megabyte = 2 ** 20;
const disk = join(folder, "disk");
const experiment = join(folder, "experiment");
const [ready, go] = [join(folder, "ready"), join(folder, "go")];
for (const path of [disk, experiment]) mkdirSync(path);
execFileSync("mount", ["-t", "tmpfs", "-o", `size=${32 * megabyte}`, "tmpfs", disk]);

writeFileSync(
  join(experiment, "gauntlet.yaml"),
  "name: large\ntrain: { command: [node, train.mjs] }\n",
);
writeFileSync(
  join(experiment, "train.mjs"),
  `import { appendFileSync, existsSync, writeFileSync } from "node:fs";
const out = process.env.GAUNTLET_RUN_DIR + "/out";
writeFileSync(out + "/large.bin", Buffer.alloc(${4 * megabyte}, "gauntlet"));
for (let step = 0; step < 1000; step++)
  appendFileSync(out + "/metrics.jsonl", JSON.stringify({ step, loss: step / 3 }) + "\\n");
writeFileSync(${JSON.stringify(ready)}, "");
while (!existsSync(${JSON.stringify(go)})) await new Promise((go) => setTimeout(go, 20));
`,
);

/** Takes what is free, but for the bytes that are to be left. */
function fill(file: string): void {
  const handle = openSync(file, "w");
  try {
    for (let chunk = megabyte; chunk >= 4096;) {
      const { bavail, bsize } = statfsSync(disk);
      if (bavail * bsize - chunk < Number(left)) chunk /= 2;
      else writeSync(handle, Buffer.alloc(chunk, 1));
    }
  } finally {
    closeSync(handle);
  }
}

const core = await createCore({ data: join(disk, "data"), cpus: 1 });
const client = createRouterClient(core.router);
const { run } = await client.runs.submit({ folder: experiment });
while (!existsSync(ready)) await sleep(20);
const filler = join(disk, "filler");
fill(filler);
writeFileSync(go, "");

const stateOf = async () => (await client.work.progress({ runs: [run], evaluations: [] })).runs[0];
let condition: string | null = null;
while (condition === null) {
  await sleep(20);
  condition = (await stateOf())?.condition ?? null;
}
// Asked again while it is full, it is still there, and still not failed.
const whileFull = await stateOf();
rmSync(filler);
while ((await stateOf())?.state === "running") await sleep(20);
const detail = await client.runs.get({ run });
await core.close();

const [attempt] = detail.attempts;
const kept = attempt?.files.find(({ path }) => path === "out/large.bin");
const stored = kept && join(disk, "data", "artifacts", kept.sha256.slice(0, 2), kept.sha256);
const bytes = stored ? readFileSync(stored) : Buffer.alloc(0);
process.stdout.write(
  JSON.stringify({
    condition,
    whileFull: whileFull?.state,
    state: detail.state,
    attempts: detail.attempts.map(({ state }) => state),
    points: detail.metrics.map(({ points }) => points),
    size: bytes.length,
    verifies: createHash("sha256").update(bytes).digest("hex") === kept?.sha256,
  }),
);
