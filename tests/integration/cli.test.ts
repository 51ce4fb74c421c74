import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, onTestFinished, test } from "vitest";
import { runCli, startCli } from "../support/cli.ts";
import { folderWith, openTestCore } from "../support/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const trivial = {
  "gauntlet.yaml": `name: trivial\ntrain: { command: [node, -e, "console.log('hi')"] }\n`,
};

describe("commands", () => {
  test("init, run, list, show, logs and delete, one after the other", async () => {
    const data = temporaryFolder();
    const folder = join(temporaryFolder(), "mine");
    expect(await runCli(["init", folder], data)).toMatchObject({ status: 0 });
    const run = await runCli(["run", folder, "--set", "learning_rate=0.03", "--seed", "4"], data);
    expect(run, run.stderr).toMatchObject({ status: 0 });
    const list = await runCli(["runs", "list", "--json"], data);
    const { total, runs } = JSON.parse(list.stdout);
    expect(total).toBe(1);
    expect(runs[0]).toMatchObject({
      state: "succeeded",
      seed: 4,
      parameters: { learning_rate: 0.03 },
      summary: { x: expect.any(Number) },
    });
    const { name } = runs[0];
    expect((await runCli(["runs", "show", name], data)).stdout).toContain("train/loss");
    expect((await runCli(["runs", "logs", name], data)).stdout).toMatch(/^x = /);
    const plan = await runCli(["runs", "delete", name], data);
    expect(plan.stdout).toMatch(/^Would delete 1 run, .* Add --yes to do it\.\n$/);
    const deleted = await runCli(["runs", "delete", name, "--yes"], data);
    expect(deleted.stdout.replace("Deleted", "Would delete")).toContain(
      plan.stdout.replace(" Add --yes to do it.\n", ""),
    );
    expect((await runCli(["runs", "show", name], data)).status).toBe(4);
  });

  test("a sweep runs each cell once; again only when asked", async () => {
    const data = temporaryFolder();
    const folder = join(temporaryFolder(), "mine");
    await runCli(["init", folder], data);
    const first = JSON.parse((await runCli(["sweep", folder, "--json"], data)).stdout);
    expect(first.runs.map(({ label }: { label: string }) => label)).toEqual([
      "learning_rate=0.1 seed=0",
      "learning_rate=0.1 seed=1",
      "learning_rate=0.03 seed=0",
      "learning_rate=0.03 seed=1",
    ]);
    const second = JSON.parse((await runCli(["sweep", folder, "--json"], data)).stdout);
    expect(second).toMatchObject({ runs: [], done: true });
    expect(second.reused).toHaveLength(4);
  });

  test("every command has help with an example", async () => {
    const data = temporaryFolder();
    const commands = [
      ["init"],
      ["run"],
      ["sweep"],
      ["wait"],
      ["evaluate"],
      ["runs", "list"],
      ["runs", "show"],
      ["runs", "logs"],
      ["runs", "stop"],
      ["runs", "delete"],
      ["models", "list"],
      ["models", "show"],
      ["models", "import"],
      ["attacks"],
      ["attacks", "add"],
      ["attacks", "set"],
      ["attacks", "list"],
      ["datasets"],
      ["datasets", "list"],
      ["runs", "compare"],
      ["runs", "diff"],
      ["runs", "rerun"],
      ["sweeps", "list"],
      ["sweeps", "show"],
      ["sweeps", "rerun"],
      ["sweeps", "stop"],
      ["leaderboard"],
      ["doctor"],
      ["demo"],
      ["completion"],
    ];
    for (const command of commands) {
      const { status, stdout } = await runCli([...command, "--help"], data);
      expect(status, command.join(" ")).toBe(0);
      expect(stdout, command.join(" ")).toMatch(/Example:\n {2}\$ gauntlet /);
    }
  });

  test("doctor looks at every part", async () => {
    // Of an engine that answers more is told; tests/integration/doctor.test.ts looks at that.
    const env = { DOCKER_HOST: "unix:///dev/null/no-such-socket" };
    const told = await runCli(["doctor", "--json"], temporaryFolder(), undefined, { env });
    const checks = JSON.parse(told.stdout);
    expect(checks.map(({ name }: { name: string }) => name)).toEqual([
      "data folder",
      "disk",
      "catalog",
      "artifacts",
      "datasets",
      "node",
      "python3",
      "git",
      "gpus",
      "attacks",
      "docker",
    ]);
  });

  test("run --dry-run says where it would run and what is missing, and starts nothing", async () => {
    const data = temporaryFolder();
    const ready = await runCli(["run", folderWith(trivial), "--dry-run"], data);
    expect(ready).toMatchObject({
      status: 0,
      stdout: "Runs as processes on this machine.\nNothing is missing.\n",
    });
    const boxed = folderWith({
      "gauntlet.yaml":
        "name: boxed\nimage: some/image:1\ndataset: imagenet\ntrain: { command: [x] }\n",
    });
    const env = { DOCKER_HOST: "unix:///dev/null/no-such-socket" };
    const missing = await runCli(["run", boxed, "--dry-run"], data, undefined, { env });
    expect(missing.status).toBe(4);
    expect(missing.stdout).toMatch(
      /^Runs in Docker, image some\/image:1, network on\.\nwarning {2}DOCKER_UNREACHABLE: Docker does not answer\.\n {9}Start Docker .*\nfailed {3}DATASET_NOT_FOUND: There is no dataset named imagenet\.\n/,
    );
    const { total } = JSON.parse((await runCli(["runs", "--json"], data)).stdout);
    expect(total).toBe(0);
  });
});

describe("mistakes end with the status of their class and say what to do", () => {
  test.each<[string, number, string[]]>([
    ["an unknown command", 2, ["frobnicate"]],
    ["an unknown option", 2, ["runs", "list", "--frob"]],
    ["a state that is none", 2, ["runs", "list", "--state", "happy"]],
    ["a folder without gauntlet.yaml", 3, ["run", "/"]],
    ["a run that is not there", 4, ["runs", "show", "nobody"]],
    ["a model that is not there", 4, ["evaluate", "nobody"]],
    ["an attack that is not there", 4, ["evaluate", "--attack", "nobody@1"]],
    ["a set that is not there", 4, ["leaderboard", "--set", "nobody"]],
    ["an epsilon that is none", 2, ["leaderboard", "--epsilon", "0.5,x"]],
    ["a class that is none", 2, ["leaderboard", "--class", "-1"]],
    ["a template that is not there", 2, ["init", "/nowhere", "--template", "nobody"]],
    ["a data folder where none can be made", 6, ["runs", "list", "--data", "/proc/nowhere/x"]],
    ["a data folder that cannot be", 6, ["runs", "list", "--data", "/dev/null/nowhere"]],
  ])("%s", async (_what, status, args) => {
    const result = await runCli(args, temporaryFolder());
    expect(result.status, result.stderr).toBe(status);
    expect(result.stderr).toMatch(/hint|help/);
  });

  test("what cannot be understood is told as JSON where JSON is asked for", async () => {
    const { status, stdout, stderr } = await runCli(
      ["runs", "--frob", "--json"],
      temporaryFolder(),
    );
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "USAGE" } });
  });

  test("a set with an attack twice, with the name of the active one, or that is another", async () => {
    const data = temporaryFolder();
    const set = (...args: string[]) => runCli(["attacks", "set", ...args], data);
    expect(await set("mine", "ddn", "ddn")).toMatchObject({ status: 3 });
    expect(await set("active", "ddn")).toMatchObject({ status: 3 });
    expect(await set("mine", "ddn", "--date", "2026-01-02")).toMatchObject({ status: 0 });
    expect(await set("mine", "ddn")).toMatchObject({ status: 0 });
    expect(await set("mine", "ddn", "--date", "2026-01-03")).toMatchObject({ status: 5 });
  });

  test("a broken gauntlet.yaml is answered with line, column and what was meant", async () => {
    const folder = folderWith({
      "gauntlet.yaml": `name: broken
parameters:
  learning_rate: { type: flaot, default: 0.1 }
train:
  command: [node, train.mjs, "--lr={learning_rte}"]
  time_limt: 6h
`,
    });
    const { status, stderr } = await runCli(["run", folder], temporaryFolder());
    expect(status).toBe(3);
    expect(stderr).toContain("SPEC_INVALID");
    expect(stderr).toContain("gauntlet.yaml:3:");
    expect(stderr).toContain("`float`");
    expect(stderr).toContain("did you mean `time_limit`?");
  });

  test("an unknown parameter, and a value out of its range", async () => {
    const data = temporaryFolder();
    const folder = join(temporaryFolder(), "mine");
    await runCli(["init", folder], data);
    const unknown = await runCli(["run", folder, "--set", "learning_rte=1"], data);
    expect(unknown).toMatchObject({
      status: 3,
      stderr: expect.stringContaining("did you mean `learning_rate`?"),
    });
    const outside = await runCli(["run", folder, "--set", "learning_rate=7"], data);
    expect(outside).toMatchObject({ status: 3, stderr: expect.stringContaining("max 1") });
    expect(JSON.parse((await runCli(["runs", "list", "--json"], data)).stdout).total).toBe(0);
  });

  test("a run that fails", async () => {
    const folder = folderWith({
      "gauntlet.yaml": `name: failing\ntrain: { command: [node, -e, "process.exit(3)"] }\n`,
    });
    const result = await runCli(["run", folder], temporaryFolder());
    expect(result).toMatchObject({ status: 7, stderr: expect.stringContaining("exit-code") });
  });

  test("a catalog of a newer Gauntlet, which stays as it is", async () => {
    const data = temporaryFolder();
    await runCli(["runs", "list"], data);
    const db = new Database(join(data, "catalog.sqlite"));
    db.pragma("user_version = 999");
    db.close();
    const result = await runCli(["runs", "list", "--json"], data);
    expect(result.status).toBe(6);
    expect(JSON.parse(result.stderr)).toMatchObject({
      error: { code: "CATALOG_TOO_NEW", hint: expect.any(String) },
    });
  });

  test("an owner that does not answer on its socket", async () => {
    const data = temporaryFolder();
    await runCli(["runs", "list"], data);
    const lock = new Database(join(data, "owner.sqlite"));
    lock.exec("BEGIN EXCLUSIVE");
    onTestFinished(() => void lock.close());
    expect(await runCli(["runs", "list"], data)).toMatchObject({
      status: 6,
      stderr: expect.stringContaining("CORE_UNREACHABLE"),
    });
  });
});

describe("two cores on one data folder", () => {
  test("the second talks to the first over its socket, which only the owner may open", async () => {
    const { data, client } = await openTestCore();
    expect(statSync(join(data, "core.sock")).mode & 0o777).toBe(0o600);
    const result = await runCli(["run", folderWith(trivial)], data);
    expect(result, result.stderr).toMatchObject({ status: 0 });
    expect((await client.runs.list({})).total).toBe(1);
  });

  test("errors keep their code and hint on the way", async () => {
    const { data } = await openTestCore();
    const result = await runCli(["runs", "show", "nobody", "--json"], data);
    expect(result.status).toBe(4);
    expect(JSON.parse(result.stderr).error).toMatchObject({ code: "RUN_NOT_FOUND" });
  });

  test("who watches a run takes over when the owner goes", async () => {
    const { data, close } = await openTestCore();
    const go = join(data, "go");
    const folder = folderWith({
      "gauntlet.yaml": `name: slow\ntrain: { command: [node, wait.mjs] }\n`,
      "wait.mjs": `import { existsSync } from "node:fs";
console.log("ready");
const timer = setInterval(() => { if (existsSync(${JSON.stringify(go)})) clearInterval(timer); }, 20);`,
    });
    const watcher = startCli(["run", folder], data);
    let seen = "";
    const status = new Promise((resolve) => watcher.on("close", resolve));
    await new Promise<void>((resolve) => {
      watcher.stdout.on("data", (chunk: Buffer) => {
        seen += chunk.toString("utf8");
        if (seen.includes("train running")) resolve();
      });
    });
    await close();
    writeFileSync(go, "");
    expect(await status).toBe(0);
    expect(seen).toContain("succeeded");
  });

  test("Ctrl-C ends the watching, not the run", async () => {
    const data = temporaryFolder();
    const go = join(data, "go");
    const folder = folderWith({
      "gauntlet.yaml": `name: slow\ntrain: { command: [node, wait.mjs] }\n`,
      "wait.mjs": `import { existsSync } from "node:fs";
const timer = setInterval(() => { if (existsSync(${JSON.stringify(go)})) clearInterval(timer); }, 20);`,
    });
    const watcher = startCli(["run", folder], data);
    const status = new Promise((resolve) => watcher.on("close", resolve));
    let seen = "";
    await new Promise<void>((resolve) => {
      watcher.stdout.on("data", (chunk: Buffer) => {
        seen += chunk.toString("utf8");
        if (seen.includes("train running")) resolve();
      });
    });
    watcher.kill("SIGINT");
    expect(await status).toBe(130);
    writeFileSync(go, "");
    expect(await runCli(["wait"], data)).toMatchObject({ status: 0 });
    const { runs } = JSON.parse((await runCli(["runs", "list", "--json"], data)).stdout);
    expect(runs).toMatchObject([{ state: "succeeded" }]);
  });
});
