/** What a name or a piece of an id means. */
import { describe, expect, test } from "vitest";
import { folderWith, openTestCore, runToEnd, untilDone } from "../support/core.ts";

const files = {
  "gauntlet.yaml": `name: shelf
train: { command: [node, main.mjs] }
sweep: { values: { seed: [1] } }
`,
  "main.mjs": `import { mkdirSync, writeFileSync } from "node:fs";
const model = process.env.GAUNTLET_RUN_DIR + "/out/model";
mkdirSync(model, { recursive: true });
writeFileSync(model + "/weights", "w");`,
};

describe("the end of an id", () => {
  test("means a run, a model or a sweep from six letters on, never by one", async () => {
    const { client } = await openTestCore();
    const folder = folderWith(files);
    const run = await runToEnd(client, folder);
    const { sweep, runs } = await client.sweeps.submit({ folder });
    await untilDone(client, runs);
    const model = run.model ?? "";
    for (const letters of [1, 5]) {
      await expect(client.runs.get({ run: run.id.slice(-letters) })).rejects.toMatchObject({
        data: { code: "RUN_NOT_FOUND", hint: expect.stringContaining("six") },
      });
      await expect(
        client.runs.delete({ runs: [run.id.slice(-letters)], dryRun: true }),
      ).rejects.toMatchObject({ data: { code: "RUN_NOT_FOUND" } });
      await expect(client.models.get({ model: model.slice(-letters) })).rejects.toMatchObject({
        data: { code: "MODEL_NOT_FOUND" },
      });
      await expect(client.sweeps.get({ sweep: sweep.slice(-letters) })).rejects.toMatchObject({
        data: { code: "SWEEP_NOT_FOUND" },
      });
    }
    // A whole id is found by itself, a name without a look at all ids.
    expect((await client.runs.get({ run: run.id.toLowerCase() })).id).toBe(run.id);
    expect((await client.runs.get({ run: run.name })).id).toBe(run.id);
    const end = (id: string) => id.slice(-6).toLowerCase();
    expect((await client.runs.get({ run: end(run.id) })).id).toBe(run.id);
    expect((await client.models.get({ model: end(model) })).id).toBe(model);
    expect((await client.sweeps.get({ sweep: end(sweep) })).id).toBe(sweep);
  });
});
