import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import type { Client } from "../../core/api/socket-client.ts";
import { runCli } from "../support/cli.ts";
import { folderWith, openTestCore, until, untilDone } from "../support/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** An experiment that fails for one value. */
function experiment(values: string, more = ""): string {
  return folderWith({ "gauntlet.yaml": specOf(values, more), "main.mjs": program });
}

const program = `if (process.argv[2] === "13") { console.error("unlucky"); process.exit(3); }`;

function specOf(values: string, more = ""): string {
  return `name: cells
parameters:
  x: { type: integer, default: 0 }
  rate: { type: float, default: 0.1 }
train: { command: [node, main.mjs, "{x}"] ${more} }
sweep: { values: ${values} }
`;
}

async function sweepToEnd(client: Client, folder: string, options: object = {}) {
  const result = await client.sweeps.submit({ folder, ...options });
  await untilDone(client, [...result.runs, ...result.underWay], result.evaluations);
  return { ...result, detail: await client.sweeps.get({ sweep: result.sweep }) };
}

describe("a sweep is a set of cells", () => {
  test("120 points with one that always fails: 119 done and one explained", async () => {
    const { client } = await openTestCore();
    const folder = experiment(`{ x: [${[...Array(120).keys()].join(", ")}] }`);
    const { detail, runs } = await sweepToEnd(client, folder);
    expect(runs).toHaveLength(120);
    expect(detail.counts).toEqual({
      open: 0,
      queued: 0,
      running: 0,
      succeeded: 119,
      failed: 1,
      cancelled: 0,
    });
    const failed = detail.cells.filter(({ state }) => state === "failed");
    expect(failed).toMatchObject([{ label: "x=13", position: 13, reason: "exit-code" }]);
    const { attempts } = await client.runs.get({ run: failed[0]?.runId ?? "" });
    expect(attempts[0]).toMatchObject({ raw: "exit status 3", hint: expect.any(String) });
  });

  test("only what failed is run again; the earlier run stays", async () => {
    const { client } = await openTestCore();
    const first = await sweepToEnd(client, experiment("{ x: [1, 13] }"));
    const again = await client.sweeps.rerun({ sweep: "cells" });
    await untilDone(client, again.runs);
    expect(again).toMatchObject({ cells: 1, reused: [], underWay: [] });
    expect(again.runs).toHaveLength(1);
    const { cells } = await client.sweeps.get({ sweep: first.sweep });
    expect(cells.map(({ runId }) => runId)).toEqual([first.runs[0], again.runs[0]]);
    expect((await client.runs.list({})).total).toBe(3);
  });

  test("adding values adds only new cells, to the same sweep, and names them by what differs", async () => {
    const { client } = await openTestCore();
    const folder = experiment("{ x: [1, 2] }");
    const first = await sweepToEnd(client, folder);
    writeFileSync(join(folder, "gauntlet.yaml"), specOf("{ x: [1, 2, 3], seed: [0, 1] }"));
    const second = await sweepToEnd(client, folder);
    expect(second.sweep).toBe(first.sweep);
    expect(second.reused.toSorted()).toEqual(first.runs.toSorted());
    expect(second.runs).toHaveLength(4);
    expect(second.detail.cells.map(({ label }) => label).toSorted()).toEqual([
      "x=1 seed=0",
      "x=1 seed=1",
      "x=2 seed=0",
      "x=2 seed=1",
      "x=3 seed=0",
      "x=3 seed=1",
    ]);
    const old = await client.runs.get({ run: first.runs[0] ?? "" });
    expect(old.label).toBe("x=1 seed=0");
  });

  test("what changes nothing of the result keeps the cells; other code has cells of its own", async () => {
    const { client } = await openTestCore();
    const folder = experiment("{ x: [1] }");
    const first = await sweepToEnd(client, folder);
    writeFileSync(join(folder, "gauntlet.yaml"), specOf("{ x: [1] }", ", time_limit: 2h"));
    expect(await sweepToEnd(client, folder)).toMatchObject({ runs: [], reused: first.runs });
    writeFileSync(join(folder, "helper.txt"), "the code is another");
    const other = await sweepToEnd(client, folder);
    expect(other.runs).toHaveLength(1);
    expect(other).toMatchObject({ name: "cells-2", reused: [] });
  });

  test("cells under way are not queued twice; again and separate do what they say", async () => {
    const { client } = await openTestCore();
    const folder = experiment("{ x: [1, 2] }");
    const [first, second] = await Promise.all([
      client.sweeps.submit({ folder }),
      client.sweeps.submit({ folder }),
    ]);
    expect(first.runs.length + second.runs.length).toBe(2);
    await untilDone(client, [...first.runs, ...second.runs]);
    const again = await sweepToEnd(client, folder, { again: true });
    expect(again).toMatchObject({ sweep: first.sweep, reused: [], underWay: [] });
    expect(again.runs).toHaveLength(2);
    const separate = await sweepToEnd(client, folder, { separate: true });
    expect(separate).toMatchObject({ name: "cells-2", runs: [] });
    expect(separate.reused).toHaveLength(2);
    expect((await client.sweeps.list({})).sweeps.map(({ name }) => name)).toEqual([
      "cells-2",
      "cells",
    ]);
  });

  test("a single run of the same point stands for its cell", async () => {
    const { client } = await openTestCore();
    const folder = experiment("{ x: [1, 2] }");
    const { run } = await client.runs.submit({ folder, parameters: { x: 2 } });
    await untilDone(client, [run]);
    const sweep = await sweepToEnd(client, folder);
    expect(sweep).toMatchObject({ reused: [run], runs: [expect.any(String)] });
  });

  test("a deleted run leaves its cell open, and a rerun fills it", async () => {
    const { client } = await openTestCore();
    const { runs, sweep } = await sweepToEnd(client, experiment("{ x: [1, 2] }"));
    await client.runs.delete({ runs: runs.slice(0, 1), dryRun: false });
    expect((await client.sweeps.get({ sweep })).counts).toMatchObject({ open: 1, succeeded: 1 });
    const again = await client.sweeps.rerun({ sweep });
    await untilDone(client, again.runs);
    expect((await client.sweeps.get({ sweep })).counts).toMatchObject({ open: 0, succeeded: 2 });
  });

  test("a stopped sweep ends as cancelled and starts nothing more", async () => {
    const { client } = await openTestCore();
    const folder = folderWith({
      "gauntlet.yaml": `name: slow
parameters: { x: { type: integer, default: 0 } }
train: { command: [sleep, "600"] }
sweep: { values: { x: [1, 2, 3, 4, 5, 6, 7, 8] } }
`,
    });
    const { runs, sweep } = await client.sweeps.submit({ folder });
    await client.sweeps.stop({ sweep });
    await untilDone(client, runs);
    expect((await client.sweeps.get({ sweep })).counts).toMatchObject({ cancelled: 8 });
  });

  /** Four cells that run until the file is there. */
  function waiting(flag: string, values = "{ x: [1, 2, 3, 4] }"): string {
    return folderWith({
      "gauntlet.yaml": `name: waiting
parameters: { x: { type: integer, default: 0 } }
train: { command: [sh, -c, "until [ -e ${flag} ]; do sleep 0.05; done"] }
sweep: { values: ${values} }
`,
    });
  }
  const flagFile = () => join(temporaryFolder(), "go");

  test("two submissions at once tell of all cells each", async () => {
    const { client } = await openTestCore();
    const flag = flagFile();
    const values = `{ x: [${[...Array(300).keys()].join(", ")}] }`;
    const folder = waiting(flag, values);
    const both = await Promise.all([
      client.sweeps.submit({ folder }),
      client.sweeps.submit({ folder }),
    ]);
    for (const { runs, underWay } of both) expect(new Set([...runs, ...underWay]).size).toBe(300);
    expect((await client.runs.list({})).total).toBe(300);
    await client.sweeps.stop({ sweep: both[0].sweep });
  });

  test("a stop that comes while cells are being queued is not undone", async () => {
    const { client } = await openTestCore();
    const folder = waiting(flagFile(), `{ x: [${[...Array(2000).keys()].join(", ")}] }`);
    const submitted = client.sweeps.submit({ folder });
    const sweep = await until(async () => (await client.sweeps.list({})).sweeps[0]?.id);
    await client.sweeps.stop({ sweep });
    const { runs, underWay } = await submitted;
    await untilDone(client, [...runs, ...underWay]);
    const { counts } = await client.sweeps.get({ sweep });
    expect(counts).toMatchObject({ queued: 0, running: 0, succeeded: 0 });
    await client.sweeps.stop({ sweep });
    expect((await client.work.resume({})).runs).toEqual([]);
  });

  test("what is being stopped stands for no further cell", async () => {
    const { client } = await openTestCore();
    const flag = flagFile();
    const folder = waiting(flag);
    const first = await client.sweeps.submit({ folder });
    await client.sweeps.stop({ sweep: first.sweep });
    const second = await client.sweeps.submit({ folder });
    writeFileSync(flag, "");
    await untilDone(client, [...first.runs, ...second.runs, ...second.underWay]);
    expect((await client.sweeps.get({ sweep: first.sweep })).counts).toMatchObject({
      succeeded: 4,
    });
  });

  test("stopping a sweep ends all that it made and nothing of another's", async () => {
    const { client } = await openTestCore();
    const flag = flagFile();
    const folder = waiting(flag);
    const first = await client.sweeps.submit({ folder });
    const replaced = await client.sweeps.rerun({ sweep: first.sweep, all: true });
    const sharing = await client.sweeps.submit({ folder, separate: true });
    expect(sharing).toMatchObject({ runs: [] });
    expect(sharing.underWay).toHaveLength(4);
    expect(await client.sweeps.stop({ sweep: sharing.sweep })).toMatchObject({
      stopped: 0,
      shared: 4,
    });
    // The runs that were replaced stand for no cell; they end with the sweep that made them.
    const stopped = await client.sweeps.stop({ sweep: first.sweep });
    expect(stopped).toMatchObject({ stopped: 4, shared: 4 });
    writeFileSync(flag, "");
    await untilDone(client, [...first.runs, ...replaced.runs]);
    const states = await Promise.all(
      [...first.runs, ...replaced.runs].map(async (run) => (await client.runs.get({ run })).state),
    );
    expect(states.filter((state) => state === "succeeded").length).toBeGreaterThanOrEqual(4);
    expect((await client.sweeps.get({ sweep: sharing.sweep })).counts).toMatchObject({
      succeeded: 4,
    });
  });

  test("the priority of what waits can be changed", async () => {
    const { client } = await openTestCore();
    const flag = flagFile();
    const folder = folderWith({
      "gauntlet.yaml": `name: one
parameters: { x: { type: integer, default: 0 } }
train: { command: [sh, -c, "until [ -e ${flag} ]; do sleep 0.02; done; sleep 0.02"], resources: { cpus: 10000 } }
sweep: { values: { x: [1, 2, 3] } }
`,
    });
    const low = await client.sweeps.submit({ folder, priority: -5 });
    const { run } = await client.runs.submit({ folder, parameters: { x: 9 } });
    await client.sweeps.setPriority({ sweep: low.sweep, priority: 5 });
    writeFileSync(flag, "");
    await untilDone(client, [...low.runs, run]);
    const { runs } = await client.runs.list({});
    const started = runs.toSorted((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
    expect(started.at(-1)?.id).toBe(run);
  });

  test("the best value of the objective so far, and in each cell", async () => {
    const { client } = await openTestCore();
    const report = `import { writeFileSync } from "node:fs";
writeFileSync(process.env.GAUNTLET_RUN_DIR + "/out/summary.json", JSON.stringify({ cost: (process.argv[2] - 2) ** 2 }));`;
    const folder = folderWith({
      "gauntlet.yaml": `name: priced
parameters: { x: { type: integer, default: 0 } }
train: { command: [node, main.mjs, "{x}"] }
sweep: { values: { x: [0, 1, 2, 3] }, objective: { metric: cost, goal: minimize } }
`,
      "main.mjs": report,
    });
    const { detail } = await sweepToEnd(client, folder);
    expect(detail.best).toEqual({ position: 2, value: 0 });
    expect(detail.cells.map(({ value }) => value)).toEqual([4, 1, 0, 1]);
  });

  test("a cell's run that is run again takes its place", async () => {
    const { client } = await openTestCore();
    const { runs, sweep } = await sweepToEnd(client, experiment("{ x: [13] }"));
    const again = await client.runs.rerun({ run: runs[0] ?? "" });
    await untilDone(client, [again.run]);
    const { cells } = await client.sweeps.get({ sweep });
    expect(cells.map(({ runId }) => runId)).toEqual([again.run]);
  });

  test("a sweep is deleted alone, or with its runs", async () => {
    const { client } = await openTestCore();
    const folder = experiment("{ x: [1, 2] }");
    const first = await sweepToEnd(client, folder);
    const plan = await client.sweeps.delete({ sweep: first.sweep, withRuns: true, dryRun: true });
    expect(plan.runs).toHaveLength(2);
    await client.sweeps.delete({ sweep: first.sweep, dryRun: false });
    expect((await client.sweeps.list({})).total).toBe(0);
    expect((await client.runs.list({})).total).toBe(2);
    const second = await sweepToEnd(client, folder, { again: true });
    await client.sweeps.delete({ sweep: second.sweep, withRuns: true, dryRun: false });
    expect((await client.runs.list({})).runs.map(({ id }) => id).toSorted()).toEqual(
      first.runs.toSorted(),
    );
  });

  test("runs have names of their own, however many there are", async () => {
    const { client } = await openTestCore();
    const flag = flagFile();
    const folder = waiting(flag, `{ x: [${[...Array(600).keys()].join(", ")}] }`);
    const { sweep } = await client.sweeps.submit({ folder });
    const { runs } = await client.runs.list({ limit: 1000 });
    expect(new Set(runs.map(({ name }) => name)).size).toBe(600);
    await client.sweeps.stop({ sweep });
  });

  test("a sweep whose core died while queueing is gone on with", async () => {
    const first = await openTestCore();
    const { sweep, runs } = await sweepToEnd(first.client, experiment("{ x: [1, 2, 3, 4, 5] }"));
    await first.close();
    // As it stands between the transaction that wants the cells and those that queue their runs.
    const db = new Database(join(first.data, "catalog.sqlite"));
    db.pragma("foreign_keys = ON");
    for (const id of runs.slice(2)) {
      db.prepare("DELETE FROM model WHERE run_id = ?").run(id);
      db.prepare("DELETE FROM run WHERE id = ?").run(id);
    }
    db.exec("UPDATE sweep_cell SET wanted = 1 WHERE run_id IS NULL");
    db.close();
    const second = await openTestCore(first.data);
    const resumed = await second.client.work.resume({});
    expect(resumed.runs).toHaveLength(3);
    await untilDone(second.client, resumed.runs);
    const { counts } = await second.client.sweeps.get({ sweep });
    expect(counts).toMatchObject({ open: 0, succeeded: 5 });
  });

  test("runs with a higher priority start first", async () => {
    const { client } = await openTestCore();
    const folder = folderWith({
      "gauntlet.yaml": `name: wide
parameters: { x: { type: integer, default: 0 } }
train: { command: [sleep, "0.05"], resources: { cpus: 10000 } }
sweep: { values: { x: [1, 2, 3, 4] } }
`,
    });
    const sweep = await client.sweeps.submit({ folder });
    const { run } = await client.runs.submit({ folder, parameters: { x: 9 }, priority: 5 });
    await untilDone(client, [...sweep.runs, run]);
    const { runs } = await client.runs.list({});
    const started = runs.toSorted((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
    expect(started.findIndex(({ id }) => id === run)).toBeLessThanOrEqual(1);
  });
});

test("rerunning a run takes the code as it was, and other values", async () => {
  const { client } = await openTestCore();
  const folder = folderWith({
    "gauntlet.yaml": `name: once
parameters: { x: { type: integer, default: 0, max: 5 } }
train: { command: [node, main.mjs, "{x}", "{seed}"] }
`,
    "main.mjs": `console.log("first", ...process.argv.slice(2));`,
  });
  const { run } = await client.runs.submit({ folder, parameters: { x: 2 }, seed: 7 });
  await untilDone(client, [run]);
  writeFileSync(join(folder, "main.mjs"), `process.exit(1);`);
  const again = await client.runs.rerun({ run, parameters: { x: 3 } });
  await untilDone(client, [again.run]);
  expect(await client.runs.get({ run: again.run })).toMatchObject({
    state: "succeeded",
    version: 1,
    parameters: { x: 3 },
    seed: 7,
  });
  expect((await client.runs.log({ run: again.run })).text).toBe("first 3 7\n");
  await expect(client.runs.rerun({ run, parameters: { x: 6 } })).rejects.toMatchObject({
    data: { code: "PARAMETER_INVALID" },
  });
});

test("the command line shows cells, reruns what failed and says why", async () => {
  const { data, client } = await openTestCore();
  const folder = experiment("{ x: [1, 13] }");
  const swept = await runCli(["sweep", folder], data);
  expect(swept.status).toBe(7);
  expect(swept.stderr).toContain("exit-code");
  const shown = await runCli(["sweeps", "show", "cells"], data);
  expect(shown.stdout).toMatch(/cells .* grid {2}1 succeeded, 1 failed/);
  expect(shown.stdout).toMatch(/1 {2}x=13 +failed +exit-code/);
  expect((await runCli(["sweeps", "rerun", "cells"], data)).status).toBe(7);
  expect((await client.runs.list({ state: "failed" })).total).toBe(2);
  expect((await runCli(["sweeps"], data)).stdout).toContain("1 succeeded, 1 failed");
  expect((await runCli(["sweeps", "show", "nobody"], data)).status).toBe(4);
});
