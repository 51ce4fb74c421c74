/** The Docker Engine goes away while jobs run, and comes back. */
import { describe, expect, test, vi } from "vitest";
import { hasProgram, nodeImage } from "../parts.ts";
import { folderWith, logOf, openTestCore, until, untilDone } from "../support/core.ts";
import { startDockerProxy } from "../support/docker-proxy.ts";

const lines = 60;
const program = `let n = 0;
const timer = setInterval(() => {
  console.log("line", ++n);
  if (n === ${lines}) clearInterval(timer);
}, 100);`;

const hasDocker = hasProgram("docker") && hasProgram("docker with node");

describe.skipIf(!hasDocker)("[docker] [docker with node]", () => {
  test("a job goes on through an outage: nothing is missing and nothing doubled", async () => {
    // The client of this process is made once: all in this file go through the proxy.
    const proxy = await startDockerProxy();
    vi.stubEnv("DOCKER_HOST", proxy.address);
    const { client } = await openTestCore();
    const folder = folderWith({
      "gauntlet.yaml": `name: boxed\nimage: ${nodeImage}\ntrain: { command: [node, train.mjs] }\n`,
      "train.mjs": program,
    });
    const { run } = await client.runs.submit({ folder });
    await until(async () => (await logOf(client, run)).includes("line 5\n"));
    const conditionOf = async () =>
      (await client.work.progress({ runs: [run], evaluations: [] })).runs[0]?.condition ?? "";

    await proxy.cut();
    await until(async () => (await conditionOf()).includes("Docker does not answer"));
    expect(await client.runs.get({ run })).toMatchObject({ state: "running" });
    // Other work is not held up.
    const other = await client.runs.submit({
      folder: folderWith({
        "gauntlet.yaml": "name: bare\ntrain: { command: [node, -e, '0'] }\n",
      }),
    });
    await untilDone(client, [other.run]);
    expect(await client.runs.get({ run: other.run })).toMatchObject({ state: "succeeded" });
    await proxy.open();
    await until(async () => (await conditionOf()) === "");

    // An engine that hangs is no reason to wait either.
    proxy.hang(true);
    const third = await client.runs.submit({
      folder: folderWith({
        "gauntlet.yaml": "name: bare\ntrain: { command: [node, -e, '1'] }\n",
      }),
    });
    await untilDone(client, [third.run]);
    proxy.hang(false);
    await proxy.cut();
    await proxy.open();

    await untilDone(client, [run]);
    const detail = await client.runs.get({ run });
    expect(detail).toMatchObject({ state: "succeeded" });
    expect(detail.attempts).toHaveLength(1);
    const wanted = Array.from({ length: lines }, (_, index) => `line ${index + 1}`);
    expect((await logOf(client, run)).trimEnd().split("\n")).toEqual(wanted);
  });
});
