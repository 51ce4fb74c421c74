/** Deleting for good: all of what was asked, nothing that anything else needs. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import type { Client } from "../../core/api/socket-client.ts";
import { createRemovalCatalog } from "../../core/catalog/removal.ts";
import { folderWith, openTestCore, runToEnd, untilDone } from "../support/core.ts";

/** An experiment whose program is the given JavaScript. `out` is its out/ folder. */
function experiment(program: string): string {
  return folderWith({
    "gauntlet.yaml": "name: fleeting\ntrain: { command: [node, train.mjs] }\n",
    "train.mjs": `import { mkdirSync, writeFileSync } from "node:fs";
const out = process.env.GAUNTLET_RUN_DIR + "/out";
${program}
`,
  });
}

async function missingArtifacts(client: Client) {
  return (await client.system.doctor({})).find(({ name }) => name === "artifacts");
}

describe("deleting beside others", () => {
  test("bytes that a run being collected has found there already stay", async () => {
    const { client } = await openTestCore();
    const folder = experiment(
      `for (let i = 0; i < 400; i++) writeFileSync(out + "/same" + i, "result " + i);`,
    );
    const first = await runToEnd(client, folder);
    const { run } = await client.runs.submit({ folder, seed: 1 });
    while ((await client.runs.get({ run })).attempts[0]?.state !== "collecting") await nextTurn();
    await client.runs.delete({ runs: [first.id], dryRun: false });
    await untilDone(client, [run]);
    const second = await client.runs.get({ run });
    expect(second.state).toBe("succeeded");
    expect(second.attempts[0]?.files).toHaveLength(401);
    expect(await missingArtifacts(client)).toMatchObject({ state: "ok" });
  });

  test("bytes of code that is submitted at the same moment stay", async () => {
    const { client } = await openTestCore();
    const files = Array.from({ length: 60 }, (_, i) => [`part${i}.mjs`, `export default ${i};`]);
    const folder = folderWith({
      "gauntlet.yaml": `name: coded\ntrain: { command: [node, -e, "0"] }\n`,
      ...Object.fromEntries(files),
    });
    let last = (await runToEnd(client, folder)).id;
    for (let seed = 1; seed <= 5; seed++) {
      const [{ run }] = await Promise.all([
        client.runs.submit({ folder, seed }),
        client.runs.delete({ runs: [last], dryRun: false }),
      ]);
      await untilDone(client, [run]);
      expect((await client.runs.get({ run })).state).toBe("succeeded");
      last = run;
    }
    expect(await missingArtifacts(client)).toMatchObject({ state: "ok" });
  });
});

describe("what deleting frees", () => {
  /** Leaves files of which some are alike in every run, some in every other, some in none. */
  const varied = `
import { readFileSync } from "node:fs";
const { seed } = JSON.parse(readFileSync(process.env.GAUNTLET_RUN_DIR + "/job.json", "utf8"));
mkdirSync(out + "/model");
writeFileSync(out + "/model/weights", "weights " + (seed % 2));
writeFileSync(out + "/common", "the same everywhere");
writeFileSync(out + "/half", "parity " + (seed % 2));
for (let i = 0; i < 5; i++) writeFileSync(out + "/own" + i, seed + " " + i);`;

  test("is said beforehand to the byte, whatever is shared, and then just that is gone", async () => {
    const { client, data } = await openTestCore();
    const stored = () => {
      let files = 0;
      let bytes = 0;
      for (const entry of readdirSync(join(data, "artifacts"), {
        recursive: true,
        withFileTypes: true,
      }))
        if (entry.isFile()) {
          files++;
          bytes += statSync(join(entry.parentPath, entry.name)).size;
        }
      return { files, bytes };
    };
    const kept = stored();
    const folder = experiment(varied);
    const runs: string[] = [];
    for (let seed = 0; seed < 6; seed++)
      runs.push((await client.runs.submit({ folder, seed })).run);
    await untilDone(client, runs);
    let freedBefore = -1;
    // The last ones take the shared files and the code with them.
    for (const some of [runs.slice(0, 1), runs.slice(1, 4), runs.slice(4)]) {
      const before = stored();
      const twice = [...some, ...some];
      const plan = await client.runs.delete({ runs: twice, dryRun: true });
      expect(stored()).toEqual(before);
      expect(await client.runs.delete({ runs: twice, dryRun: false })).toEqual(plan);
      expect(plan).toMatchObject({ models: some.length, evaluations: 0 });
      const after = stored();
      expect({ files: before.files - after.files, bytes: before.bytes - after.bytes }).toEqual({
        files: plan.files,
        bytes: plan.bytes,
      });
      expect(plan.files).toBeGreaterThan(freedBefore);
      freedBefore = plan.files;
      expect(await missingArtifacts(client)).toMatchObject({ state: "ok" });
    }
    expect(stored()).toEqual(kept);
  });

  test("a run that is not there or still active lets nothing be deleted", async () => {
    const { client } = await openTestCore();
    const done = await runToEnd(client, experiment("0;"));
    const { run } = await client.runs.submit({ folder: experiment("setInterval(() => {}, 1e3);") });
    for (const [other, code] of [
      ["no-such-run", "RUN_NOT_FOUND"],
      [run, "RUN_ACTIVE"],
    ] as const)
      for (const dryRun of [true, false])
        await expect(client.runs.delete({ runs: [done.id, other], dryRun })).rejects.toMatchObject({
          data: { code },
        });
    expect((await client.runs.get({ run: done.id })).state).toBe("succeeded");
    await client.runs.stop({ run });
    await untilDone(client, [run]);
  });

  test("a deletion that was cut short is gone on with by the next core", async () => {
    const first = await openTestCore();
    const run = await runToEnd(first.client, experiment(varied));
    const empty = await openTestCore();
    await first.close();
    // As a core leaves it that dies right after the run was cut off.
    const db = new Database(join(first.data, "catalog.sqlite"));
    const removal = createRemovalCatalog(db);
    removal.cutOffJobs(run.id);
    db.exec("DELETE FROM model; DELETE FROM run");
    const [version] = db.prepare<[], { id: string }>("SELECT id FROM experiment_version").all();
    const code = removal.removeVersion(version?.id ?? "") ?? "";
    for (const { hash } of db.prepare<[], { hash: string }>("SELECT hash FROM tree").all())
      removal.markTree(hash);
    expect(removal.rubbish()).toMatchObject({ jobs: [expect.any(String)] });
    expect(removal.rubbish().trees).toContain(code);
    db.close();
    await openTestCore(first.data);
    // Folders of two digits may stay, empty.
    const hashes = (folder: string) =>
      readdirSync(join(folder, "artifacts"), { recursive: true, encoding: "utf8" })
        .filter((name) => name.length > 60)
        .toSorted();
    expect(hashes(first.data)).toEqual(hashes(empty.data));
  });
});
