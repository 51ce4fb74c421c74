/** The wall clock is set in the middle of a run: limits and order stay right. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { hasProgram } from "../parts.ts";
import { runCli, startCli } from "../support/cli.ts";
import { folderWith, openTestCore, until, untilDone } from "../support/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const day = 24 * 60 * 60 * 1000;

/** An experiment that appends its seed to `order` and ends once `go` exists. */
function patient(order: string, go: string): string {
  return folderWith({
    "gauntlet.yaml": `name: patient\ntrain: { command: [node, train.mjs, "{seed}"] }\n`,
    "train.mjs": `import { appendFileSync, existsSync } from "node:fs";
appendFileSync(${JSON.stringify(order)}, process.argv[2]);
const timer = setInterval(() => { if (existsSync(${JSON.stringify(go)})) clearInterval(timer); }, 20);`,
  });
}

describe("the clock of the core is set back by a day", () => {
  test("what was submitted first starts first and is listed so, before and after a restart", async () => {
    const clock = { offset: 0, now: () => Date.now() + clock.offset };
    const first = await openTestCore(undefined, { clock, cpus: 1 });
    const go = join(first.data, "go");
    const order = join(first.data, "order");
    const folder = patient(order, go);
    const submit = async ({ client }: typeof first, seed: number) =>
      (await client.runs.submit({ folder, seed })).run;
    const runs = [await submit(first, 0), await submit(first, 1)];
    await until(async () => {
      const run = await first.client.runs.get({ run: runs[0] ?? "" });
      return run.attempts[0]?.state === "running";
    });
    clock.offset = -day;
    runs.push(await submit(first, 2));
    await first.close();
    const second = await openTestCore(first.data, { clock, cpus: 1 });
    runs.push(await submit(second, 3));
    writeFileSync(go, "");
    await untilDone(second.client, runs);
    const details = await Promise.all(runs.map((run) => second.client.runs.get({ run })));
    for (const { state, createdAt, startedAt, endedAt, attempts } of details) {
      expect(state).toBe("succeeded");
      expect(attempts).toHaveLength(1);
      expect(startedAt).toBeGreaterThanOrEqual(createdAt);
      expect(endedAt).toBeGreaterThanOrEqual(startedAt ?? Infinity);
    }
    expect(readFileSync(order, "utf8")).toBe("0123");
    const listed = (await second.client.runs.list({})).runs.map(({ id }) => id);
    expect(listed).toEqual(runs.toReversed());
  });
});

describe.skipIf(!hasProgram("cc") || process.platform !== "linux")(
  "the clock of everything that runs is set [cc]",
  () => {
    /** A library that shifts the wall clock of whoever loads it by what stands in a file. */
    function shiftedClock() {
      const folder = temporaryFolder();
      const source = fileURLToPath(new URL("../fixtures/shifted-clock.c", import.meta.url));
      const library = join(folder, "shifted-clock.so");
      execFileSync("cc", ["-shared", "-fPIC", "-O1", "-o", library, source]);
      const file = join(folder, "shift");
      writeFileSync(file, "0");
      return {
        env: { LD_PRELOAD: library, SHIFTED_CLOCK_FILE: file },
        set: (milliseconds: number) => writeFileSync(file, String(milliseconds / 1000)),
      };
    }

    async function runWhileSet(milliseconds: number, limits: string, program: string) {
      const data = temporaryFolder();
      const clock = shiftedClock();
      const folder = folderWith({
        "gauntlet.yaml": `name: timed\ntrain:\n  command: [node, train.mjs]\n${limits}`,
        "train.mjs": `import { existsSync, writeFileSync } from "node:fs";
const set = ${JSON.stringify(join(data, "set"))};
writeFileSync(${JSON.stringify(join(data, "began"))}, String(Date.now()));
while (!existsSync(set)) await new Promise((go) => setTimeout(go, 20));
${program}`,
      });
      const command = startCli(["run", folder], data, undefined, clock.env);
      const ended = new Promise((resolve) => command.on("close", resolve));
      await until(async () => existsSync(join(data, "began")));
      clock.set(milliseconds);
      writeFileSync(join(data, "set"), "");
      await ended;
      const list = JSON.parse((await runCli(["runs", "list", "--json"], data)).stdout);
      return list.runs[0] as {
        state: string;
        reason: string | null;
        startedAt: number;
        endedAt: number;
      };
    }

    test("back by a day: a time limit still ends a program, and no duration is negative", async () => {
      const run = await runWhileSet(-day, "  time_limit: 1500ms\n", "setInterval(() => {}, 1000);");
      expect(run).toMatchObject({ state: "failed", reason: "timed-out" });
      expect(run.endedAt).toBeGreaterThanOrEqual(run.startedAt);
    });

    test("back by a day: silence still ends a program", async () => {
      const run = await runWhileSet(-day, "  silence_limit: 1s\n", "setInterval(() => {}, 1000);");
      expect(run).toMatchObject({ state: "failed", reason: "silent" });
    });

    test("forward by two days: nothing is late, and the shifted clock was really seen", async () => {
      const program = `
await new Promise((go) => setTimeout(go, 1500));
process.exitCode = Date.now() > ${Date.now() + day} ? 0 : 9;`;
      const run = await runWhileSet(2 * day, "  time_limit: 10h\n  silence_limit: 9h\n", program);
      expect(run).toMatchObject({ state: "succeeded", reason: null });
    });
  },
);
