/** What the kits that come with Gauntlet do to everybody else's work. */
import { existsSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folderWith, openTestCore, until, untilDone } from "../support/core.ts";

test("what was submitted while a kit's dataset was packed starts, whatever became of the asker", async () => {
  const { client, data } = await openTestCore();
  const go = join(data, "go");
  const asks = folderWith({
    "gauntlet.yaml": `name: asks
dataset: digits
train: { command: [node, -e, "0"] }
model: { load: "model.js:load", input: { shape: [1, 28, 28] } }
evaluate: { attacks: [no-such-attack] }
`,
  });
  const waits = folderWith({
    "gauntlet.yaml": "name: waits\ntrain: { command: [node, main.mjs] }\n",
    "main.mjs": `import { existsSync } from "node:fs";
const timer = setInterval(() => existsSync(${JSON.stringify(go)}) && clearInterval(timer), 20);`,
  });
  const refused = client.runs.submit({ folder: asks }).catch((error: unknown) => error);
  await until(async () => existsSync(join(data, "jobs"))); // the packing has its slot
  const runs: string[] = [];
  // More than the machine has slots for, so that some are still queued when the packing ends.
  for (let seed = 0; seed <= availableParallelism(); seed++)
    runs.push((await client.runs.submit({ folder: waits, seed })).run);
  expect(await refused).toMatchObject({ data: { code: "ATTACK_NOT_FOUND" } });
  writeFileSync(go, "");
  expect((await untilDone(client, runs)).counts.runs).toEqual({ succeeded: runs.length });
});
