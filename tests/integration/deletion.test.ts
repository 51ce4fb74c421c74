/** Deleting for good: all of what was asked, nothing that anything else needs. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Client } from "../../core/api/socket-client.ts";
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
