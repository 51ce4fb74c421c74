/** What goes wrong in a job gets its reason and loses nothing. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderWith, logOf, openTestCore, runToEnd, until, untilDone } from "../support/core.ts";

/** An experiment whose program is the given JavaScript. `out` is its out/ folder. */
function experiment(program: string, train = ""): string {
  return folderWith({
    "gauntlet.yaml": `name: faulty\ntrain:\n  command: [node, train.mjs]\n${train}`,
    "train.mjs": `import { appendFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
const run = process.env.GAUNTLET_RUN_DIR;
const out = run + "/out";
${program}
`,
  });
}

describe("a program that fails", () => {
  test("by its exit status: the log and what it wrote are kept", async () => {
    const { client } = await openTestCore();
    const run = await runToEnd(
      client,
      experiment(
        `console.log("about to fail"); writeFileSync(out + "/half.txt", "x"); process.exit(3);`,
      ),
    );
    expect(run).toMatchObject({ state: "failed", reason: "exit-code" });
    expect(run.attempts[0]).toMatchObject({ raw: "exit status 3", hint: expect.any(String) });
    expect(run.attempts[0]?.files.map(({ path }) => path)).toEqual(["log", "out/half.txt"]);
    expect(await logOf(client, run.id)).toContain("about to fail");
  });

  test("because it is not there", async () => {
    const { client } = await openTestCore();
    const folder = folderWith({
      "gauntlet.yaml": "name: missing\ntrain: { command: [no-such-program-anywhere] }\n",
    });
    expect(await runToEnd(client, folder)).toMatchObject({
      state: "failed",
      reason: "command-not-found",
    });
  });

  test("by sleeping for ever after a crash: silence is no health", async () => {
    const { client } = await openTestCore();
    const program = `console.error("Traceback: boom"); setInterval(() => {}, 1000);`;
    const run = await runToEnd(client, experiment(program, "  silence_limit: 700ms\n"));
    expect(run).toMatchObject({ state: "failed", reason: "silent" });
    expect(await logOf(client, run.id)).toContain("Traceback: boom");
  });

  test("by taking too long", async () => {
    const { client } = await openTestCore();
    const program = `setInterval(() => console.log("still here"), 50);`;
    expect(await runToEnd(client, experiment(program, "  time_limit: 800ms\n"))).toMatchObject({
      state: "failed",
      reason: "timed-out",
    });
  });

  test.runIf(process.platform === "linux")("by taking more memory than it was given", async () => {
    const { client } = await openTestCore();
    const program = `
console.log("about to grow");
globalThis.taken = Buffer.alloc(400e6, 1);
setInterval(() => {}, 1000);`;
    const limits = "  retries: 3\n  resources: { memory: 200MiB }\n";
    const run = await runToEnd(client, experiment(program, limits));
    expect(run).toMatchObject({ state: "failed", reason: "out-of-memory" });
    // Another try would need as much.
    expect(run.attempts).toHaveLength(1);
    expect(run.attempts[0]).toMatchObject({
      exit: { peakMemory: expect.toSatisfy((n) => n > 200 * 2 ** 20) },
      hint: expect.stringContaining("resources.memory"),
    });
    expect(await logOf(client, run.id)).toContain("about to grow");
  });

  test("and is tried again from its checkpoint, with every attempt kept", async () => {
    const { client } = await openTestCore();
    const program = `
const before = existsSync(run + "/in/resume/step.txt") ? Number(readFileSync(run + "/in/resume/step.txt", "utf8")) : 0;
mkdirSync(out + "/checkpoint", { recursive: true });
writeFileSync(out + "/checkpoint/step.txt", String(before + 1));
appendFileSync(out + "/metrics.jsonl", JSON.stringify({ step: before, loss: before }) + "\\n");
process.exit(before < 2 ? 1 : 0);`;
    const run = await runToEnd(
      client,
      experiment(program, "  retries: 5\n  checkpoint: out/checkpoint\n"),
    );
    expect(run.state).toBe("succeeded");
    expect(run.attempts.map(({ attempt, state }) => `${attempt} ${state}`)).toEqual([
      "1 failed",
      "2 failed",
      "3 succeeded",
    ]);
    expect(run.metrics).toMatchObject([{ name: "loss", points: 1, last: 2 }]);
  });

  test("to leave a model although its experiment describes one", async () => {
    const { client } = await openTestCore();
    const folder = folderWith({
      "gauntlet.yaml": `name: empty
train: { command: [node, -e, "0"] }
model: { load: "model.js:load", input: { shape: [4], layout: NF } }
`,
    });
    expect(await runToEnd(client, folder)).toMatchObject({
      state: "failed",
      reason: "model-missing",
    });
  });
});

describe("what a program reports", () => {
  test("garbage among the metrics is counted, never fatal", async () => {
    const { client } = await openTestCore();
    const lines = [
      `{"step": 0, "loss": 1}`,
      "garbage",
      `{"step": 1, "loss": NaN, "accuracy": 0.5}`,
      `{"loss": Infinity}`,
      "",
      `[1, 2, 3]`,
      `{"step": 2, "loss": 0.25}`,
      `{"step": 3, "lo`,
    ];
    const program = `writeFileSync(out + "/metrics.jsonl", ${JSON.stringify(lines.join("\n"))});`;
    const run = await runToEnd(client, experiment(program));
    expect(run.state).toBe("succeeded");
    expect(run.metrics).toMatchObject([
      { name: "accuracy", points: 1, last: 0.5 },
      { name: "loss", points: 2, last: 0.25, minimum: 0.25, maximum: 1 },
    ]);
    expect(run.attempts[0]?.badLines).toBe(5);
  });

  test("a metric line of a hundred megabytes does not fill the memory", async () => {
    const { client } = await openTestCore();
    const program = `
appendFileSync(out + "/metrics.jsonl", '{"loss": 1}\\n');
for (let i = 0; i < 100; i++) appendFileSync(out + "/metrics.jsonl", "x".repeat(1e6));
appendFileSync(out + "/metrics.jsonl", '\\n{"loss": 2}\\n');`;
    const run = await runToEnd(client, experiment(program));
    expect(run.metrics).toMatchObject([{ name: "loss", points: 2, last: 2 }]);
    expect(run.attempts[0]?.badLines).toBe(1);
    expect(process.memoryUsage().rss).toBeLessThan(800e6);
  });

  test.each([
    ["a folder", `mkdirSync(file);`],
    ["a pipe that nobody writes to", `execFileSync("mkfifo", [file]);`],
    ["a link to a device without end", `symlinkSync("/dev/zero", file);`],
    ["a socket", `createServer().listen(file); await new Promise((go) => setTimeout(go, 200));`],
  ])("%s in the place of a file is no file, and holds up nobody", async (_what, make) => {
    const { client } = await openTestCore();
    // While it runs and after its end; another run beside it must not notice.
    const odd = experiment(`
const { execFileSync } = await import("node:child_process");
const { createServer } = await import("node:net");
for (const file of [out + "/metrics.jsonl", out + "/summary.json"]) { ${make} }
await new Promise((go) => setTimeout(go, 500));
process.exit(0);`);
    const plain = experiment(`
appendFileSync(out + "/metrics.jsonl", '{"loss": 1}\\n');
await new Promise((go) => setTimeout(go, 500));`);
    const runs = await Promise.all(
      [odd, plain].map(async (folder) => (await client.runs.submit({ folder })).run),
    );
    await untilDone(client, runs);
    const [strange, other] = await Promise.all(runs.map((run) => client.runs.get({ run })));
    expect(strange).toMatchObject({
      state: "succeeded",
      metrics: [],
      summary: { summary_error: expect.stringContaining("summary.json") },
    });
    expect(other).toMatchObject({ state: "succeeded", metrics: [{ name: "loss", points: 1 }] });
  });

  test("hostile file names are names; links lead nowhere", async () => {
    const { client, data } = await openTestCore();
    const program = `
writeFileSync(out + "/with\\nnewline and \\u202e.txt", "a");
writeFileSync(out + "/..hidden", "b");
symlinkSync("/etc/passwd", out + "/link");
symlinkSync("../../../../../..", out + "/up");`;
    const run = await runToEnd(client, experiment(program));
    expect(run.state).toBe("succeeded");
    expect(run.attempts[0]?.files.map(({ path }) => path)).toEqual([
      "log",
      "out/..hidden",
      "out/with\nnewline and \u202e.txt",
    ]);
    const passwords = readFileSync("/etc/passwd", "utf8");
    for (const file of readdirSync(join(data, "artifacts"), {
      recursive: true,
      withFileTypes: true,
    }))
      if (file.isFile())
        expect(readFileSync(join(file.parentPath, file.name), "utf8")).not.toBe(passwords);
  });

  test("a summary that is no JSON is said, and the run stands", async () => {
    const { client } = await openTestCore();
    const run = await runToEnd(
      client,
      experiment(`writeFileSync(out + "/summary.json", "{oops");`),
    );
    expect(run).toMatchObject({
      state: "succeeded",
      summary: { summary_error: expect.any(String) },
    });
  });
});

describe("stopping and restarting", () => {
  const patient = `
process.on("SIGTERM", () => { writeFileSync(out + "/asked.txt", "yes"); process.exit(0); });
console.log("ready");
setInterval(() => {}, 1000);`;

  test("a run that is stopped was asked first, and is cancelled", async () => {
    const { client } = await openTestCore();
    const { run } = await client.runs.submit({ folder: experiment(patient) });
    await until(async () => (await client.runs.get({ run })).attempts[0]?.state === "running");
    await until(async () => (await logOf(client, run)).includes("ready"));
    expect(await client.runs.stop({ run })).toMatchObject({ stopped: 1 });
    await untilDone(client, [run]);
    const detail = await client.runs.get({ run });
    expect(detail.state).toBe("cancelled");
    expect(detail.attempts[0]?.files.map(({ path }) => path)).toContain("out/asked.txt");
  });

  test("a queued run that is stopped never starts", async () => {
    const { client } = await openTestCore();
    const folder = experiment(patient);
    const runs: string[] = [];
    for (let index = 0; index < 6; index++)
      runs.push((await client.runs.submit({ folder, seed: index })).run);
    const last = runs.at(-1) ?? "";
    await client.runs.stop({ run: last });
    await untilDone(client, [last]);
    expect(await client.runs.get({ run: last })).toMatchObject({
      state: "cancelled",
      attempts: [],
    });
    for (const run of runs) await client.runs.stop({ run });
    await untilDone(client, runs);
  });

  test("jobs outlive the core; the next one adopts them and loses nothing", async () => {
    const first = await openTestCore();
    const go = join(first.data, "go");
    const program = `
appendFileSync(out + "/metrics.jsonl", '{"step": 0, "loss": 1}\\n');
console.log("ready");
const timer = setInterval(() => {
  if (!existsSync(${JSON.stringify(go)})) return;
  clearInterval(timer);
  appendFileSync(out + "/metrics.jsonl", '{"step": 1, "loss": 2}\\n');
}, 50);`;
    const { run } = await first.client.runs.submit({ folder: experiment(program) });
    await until(async () => (await first.client.runs.get({ run })).metrics.length > 0);
    await first.close();
    const second = await openTestCore(first.data);
    expect((await second.client.runs.get({ run })).state).toBe("running");
    writeFileSync(go, "");
    await untilDone(second.client, [run]);
    const detail = await second.client.runs.get({ run });
    expect(detail).toMatchObject({
      state: "succeeded",
      metrics: [{ name: "loss", points: 2, minimum: 1, maximum: 2 }],
    });
    expect(detail.attempts).toHaveLength(1);
  });

  test("a job that ended while no core was there is collected by the next", async () => {
    const first = await openTestCore();
    const go = join(first.data, "go");
    const program = `
console.log("ready");
const timer = setInterval(() => {
  if (!existsSync(${JSON.stringify(go)})) return;
  clearInterval(timer);
  writeFileSync(out + "/late.txt", "late");
}, 20);`;
    const { run } = await first.client.runs.submit({ folder: experiment(program) });
    const folder = await until(async () => {
      const [attempt] = (await first.client.runs.get({ run })).attempts;
      return attempt?.state === "running" && join(first.data, "jobs", attempt.job, "1");
    });
    await first.close();
    writeFileSync(go, "");
    await until(async () => existsSync(join(folder, "exit.json")));
    const second = await openTestCore(first.data);
    await untilDone(second.client, [run]);
    const detail = await second.client.runs.get({ run });
    expect(detail.attempts[0]?.files.map(({ path }) => path)).toContain("out/late.txt");
    // The folder goes after the results are committed.
    await until(async () => !existsSync(folder));
  });
});
