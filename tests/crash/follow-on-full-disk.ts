/**
 * Follows a run that fills the disk of the data folder and frees it again while it goes on. To be
 * run in a mount namespace of its own: `unshare -rm node follow-on-full-disk.ts FOLDER`. Prints the
 * lines that a user sees, without their times, as JSON.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRouterClient } from "@orpc/server";
import { follow } from "../../cli/follow.ts";
import { createCore } from "../../core/core.ts";

const [, , folder = ""] = process.argv;
const disk = join(folder, "disk");
const experiment = join(folder, "experiment");
const [release, end] = [join(folder, "release"), join(folder, "end")];
for (const path of [disk, experiment]) mkdirSync(path);
execFileSync("mount", ["-t", "tmpfs", "-o", `size=${64 * 2 ** 20}`, "tmpfs", disk]);

writeFileSync(
  join(experiment, "gauntlet.yaml"),
  "name: passing\ntrain: { command: [node, train.mjs] }\n",
);
writeFileSync(
  join(experiment, "train.mjs"),
  `import { appendFileSync, existsSync, rmSync } from "node:fs";
const out = process.env.GAUNTLET_RUN_DIR + "/out";
const tries = (work) => { try { for (;;) work(); } catch {} };
const wait = () => new Promise((go) => setTimeout(go, 20));
while (!existsSync(${JSON.stringify(release)})) {
  tries(() => appendFileSync(out + "/big.bin", Buffer.alloc(65536)));
  tries(() => appendFileSync(out + "/metrics.jsonl", '{"loss": 1}\\n'));
  await wait();
}
rmSync(out + "/big.bin");
while (!existsSync(${JSON.stringify(end)})) await wait();
`,
);

const core = await createCore({ data: join(disk, "data"), cpus: 1 });
const client = createRouterClient(core.router);
const { run } = await client.runs.submit({ folder: experiment });
const lines: string[] = [];
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = (text) =>
  lines.push(
    String(text)
      .trim()
      .replace(/^.*? {2}\S+ {2}/, ""),
  ) > 0;
const following = follow(
  {
    call: (use) => use(client),
    callAgain: (use) => use(client),
    close: () => core.close(),
  },
  { runs: [run], evaluations: [] },
  false,
);
const isFull = (line: string) => line.includes("disk is full");
while (!lines.some(isFull)) await sleep(20);
writeFileSync(release, "");
while (isFull(lines.at(-1) ?? "")) await sleep(20);
writeFileSync(end, "");
await following;
await core.close();
process.stdout.write = write;
process.stdout.write(JSON.stringify(lines));
