/** Secrets of experiments: they come to the job, and to nothing else. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { connectToCore } from "../../core/api/socket-client.ts";
import { secretFolder } from "../../core/platform/secret-folder.ts";
import { hasProgram, nodeImage } from "../parts.ts";
import { openTestCore, folderWith, logOf, runToEnd, until, untilDone } from "../support/core.ts";
import { docker, removeImages } from "../support/docker.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const timeout = 120_000;
const value = "Tq7-secret/Value+0123456789";
const base64 = Buffer.from(value).toString("base64").replace(/=+$/, "");

/** Tells what it was given in ways that are no secret, and then in ways that are. */
const program = `import { readFileSync, statSync } from "node:fs";
import { createHash } from "node:crypto";
const hash = (text) => createHash("sha256").update(text).digest("hex").slice(0, 16);
const file = process.env.KEY_FILE;
console.log("env", hash(process.env.TOKEN ?? ""), "renamed", hash(process.env.OTHER ?? ""));
console.log("file", hash(readFileSync(file, "utf8")), (statSync(file).mode & 0o777).toString(8));
console.log("path", file);
const value = process.env.TOKEN;
process.stdout.write("cut " + value.slice(0, 9));
await new Promise((resolve) => setTimeout(resolve, 200));
process.stdout.write(value.slice(9) + " end\\n");
console.log("base64", Buffer.from(value).toString("base64"));
console.error("failed with", value);
// Tells that it may be looked at, and waits until that is done.
import { existsSync, writeFileSync } from "node:fs";
const out = process.env.GAUNTLET_RUN_DIR + "/out/";
writeFileSync(out + "looks", "");
if (process.argv[2] === "wait")
  while (!existsSync(out + "looked")) await new Promise((resolve) => setTimeout(resolve, 20));
`;
const hash = async (text: string) => {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Buffer.from(digest).toString("hex").slice(0, 16);
};
const yaml = `name: guarded
secrets: { TOKEN: {}, SECOND: { env: OTHER }, KEY: { file: key.pem } }
train: { command: [node, train.mjs] }
`;

/** Files below a folder that hold a text. */
function holders(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile() && readFileSync(path).includes(text));
}

test("a job is given its secrets, and nothing else holds them", { timeout }, async () => {
  const { client, data } = await openTestCore();
  for (const name of ["TOKEN", "SECOND", "KEY"])
    await client.secrets.set({ name, value: name === "TOKEN" ? value : `${name}-${value}\n` });
  const folder = folderWith({ "gauntlet.yaml": yaml, "train.mjs": program });
  const detail = await runToEnd(client, folder);
  expect(detail.state).toBe("succeeded");
  const log = await logOf(client, detail.id);
  expect(log).toContain(
    `env ${await hash(value)} renamed ${await hash(`SECOND-${value}\n`)}\nfile ${await hash(`KEY-${value}\n`)} 400\n`,
  );
  expect(log).toContain("cut *** end\n");
  expect(log).toContain("failed with ***\n");
  const path = /^path (.*)$/m.exec(log)?.[1] ?? "";
  expect(path.startsWith(data)).toBe(false);
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  const out = join(temporaryFolder(), "runs.json");
  await client.export({ table: { what: "runs" }, format: "json", file: out });
  for (const text of [value, base64]) {
    expect(holders(data, text)).toEqual(text === value ? [join(data, "secrets.json")] : []);
    for (const told of [log, JSON.stringify(detail), readFileSync(out, "utf8")])
      expect(told).not.toContain(text);
  }
});

test("a run whose secret is not there is refused before it is queued", { timeout }, async () => {
  const { client } = await openTestCore();
  const sweep = "sweep: { values: { seed: [0, 1] } }\n";
  const folder = folderWith({ "gauntlet.yaml": yaml + sweep, "train.mjs": program });
  await client.secrets.set({ name: "TOKEN", value });
  const refused = {
    data: {
      code: "SECRET_MISSING",
      message: "The experiment guarded asks for secrets that are not set: SECOND, KEY.",
      hint: "gauntlet secrets set SECOND; gauntlet secrets set KEY.",
    },
  };
  await expect(client.runs.submit({ folder })).rejects.toMatchObject(refused);
  await expect(client.sweeps.submit({ folder })).rejects.toMatchObject(refused);
  expect((await client.runs.list({})).total).toBe(0);
});

test(
  "a job whose secret was removed meanwhile waits until it is set again",
  { timeout },
  async () => {
    const { client, data } = await openTestCore(undefined, { cpus: 1 });
    const program = `import { existsSync } from "node:fs";
while (!existsSync(process.argv[2])) await new Promise((resolve) => setTimeout(resolve, 20));
process.exit(process.env.TOKEN === "second-one" ? 0 : 1);`;
    const experiment = (secrets: string, gate: string) =>
      folderWith({
        "gauntlet.yaml": `name: a\n${secrets}train: { command: [node, train.mjs, "${gate}"] }\n`,
        "train.mjs": program,
      });
    const gate = join(data, "gate");
    await client.secrets.set({ name: "TOKEN", value: "first-one" });
    const before = await client.runs.submit({ folder: experiment("", gate) });
    const folder = experiment("secrets: { TOKEN: {} }\n", data);
    const { run } = await client.runs.submit({ folder });
    await client.secrets.remove({ name: "TOKEN" });
    await expect(client.secrets.remove({ name: "TOKEN" })).rejects.toMatchObject({
      data: { code: "SECRET_NOT_FOUND" },
    });
    await expect(client.runs.rerun({ run })).rejects.toMatchObject({
      data: { code: "SECRET_MISSING" },
    });
    writeFileSync(gate, "");
    await untilDone(client, [before.run]);
    const { condition } = await until(async () => {
      const { jobs } = await client.system.queue({});
      return jobs.find((job) => job.condition !== null);
    });
    expect(condition).toContain("The secret TOKEN is not set any more.");
    await client.secrets.set({ name: "TOKEN", value: "second-one" });
    await untilDone(client, [run]);
    expect((await client.runs.get({ run })).state).toBe("succeeded");
  },
);

test("what a client says in the wrong way is not said back", { timeout }, async () => {
  const { client } = await openTestCore();
  const long = value.repeat(2000);
  const error: unknown = await client.secrets
    .set({ name: "TOKEN", value: long })
    .catch((thrown: unknown) => thrown);
  expect(JSON.stringify(error)).toContain("at most 32768 characters");
  expect(JSON.stringify(error)).not.toContain(value);
});

describe.skipIf(!hasProgram("docker with node"))("[docker with node]", { timeout }, () => {
  const inImage = yaml
    .replace("train:", `image: ${nodeImage}\ntrain:`)
    .replace("train.mjs]", "train.mjs, wait]");
  async function begun(text = inImage) {
    const core = await openTestCore();
    for (const name of ["TOKEN", "SECOND", "KEY"])
      await core.client.secrets.set({
        name,
        value: name === "TOKEN" ? value : `${name}-'${value}'\n`,
      });
    const folder = folderWith({ "gauntlet.yaml": text, "train.mjs": program });
    const { run } = await core.client.runs.submit({ folder });
    const { job } = await until(async () => (await core.client.runs.get({ run })).attempts[0]);
    const attempt = join(core.data, "jobs", job, "1");
    const name = `gauntlet-${job}-1`;
    onTestFinished(async () => {
      await docker("rm", "-f", name);
      rmSync(secretFolder(attempt), { recursive: true, force: true });
    });
    await until(async () => existsSync(join(attempt, "run", "out", "looks")));
    return { ...core, run, attempt, name };
  }

  test("settings, layers, log and data folder are without them", async () => {
    const { client, data, run, attempt, name } = await begun();
    const inspected = await docker("inspect", name);
    const processes = await docker("top", name, "-eo", "pid,args");
    const image = `gauntlet-test/secrets:${process.pid}`;
    await docker("commit", name, image);
    const history = await docker("history", "--no-trunc", image);
    const settings = await docker("inspect", image);
    const changed = await docker("diff", name);
    await removeImages(image);
    // Its layer has an empty folder to mount at.
    expect(changed.split("\n")).not.toContainEqual(
      expect.stringMatching(/gauntlet\/secrets|gauntlet\/env/),
    );
    expect(existsSync(secretFolder(attempt))).toBe(true);
    expect(dirname(secretFolder(attempt)).startsWith(data)).toBe(false);
    for (const text of [value, base64]) {
      for (const told of [inspected, processes, history, settings])
        expect(told).not.toContain(text);
      expect(holders(data, text)).toEqual(text === value ? [join(data, "secrets.json")] : []);
    }
    await docker("exec", name, "touch", "/gauntlet/out/looked");
    await untilDone(client, [run]);
    const detail = await client.runs.get({ run });
    expect(detail.state).toBe("succeeded");
    const log = await logOf(client, run);
    expect(log).toContain(
      `env ${await hash(value)} renamed ${await hash(`SECOND-'${value}'\n`)}\nfile ${await hash(`KEY-'${value}'\n`)} 400\npath /run/gauntlet/secrets/key.pem\n`,
    );
    expect(log).toContain("cut *** end\n");
    expect(log).toContain("failed with ***\n");
    expect(existsSync(secretFolder(attempt))).toBe(false);
    for (const text of [value, base64]) expect(JSON.stringify(detail) + log).not.toContain(text);
  });

  test.each([
    ["they stand in memory still", false],
    ["they are gone, as after a restart of the machine", true],
  ])("a new core keeps them out of the log: %s", async (_what, areGone) => {
    const { data, run, attempt, name, close } = await begun();
    await close();
    if (areGone) rmSync(secretFolder(attempt), { recursive: true });
    // What an earlier core has written is looked for in the new one's words alone.
    rmSync(join(attempt, "log"), { force: true });
    const { client } = await openTestCore(data);
    await client.work.resume({});
    await until(async () => existsSync(join(attempt, "log")));
    await docker("exec", name, "touch", "/gauntlet/out/looked");
    await untilDone(client, [run]);
    const log = await logOf(client, run);
    expect(log).toContain(areGone ? "[gauntlet] The output is left out" : "failed with ***\n");
    for (const text of [value, base64]) {
      expect(log).not.toContain(text);
      expect(holders(data, text)).toEqual(text === value ? [join(data, "secrets.json")] : []);
    }
    expect(existsSync(secretFolder(attempt))).toBe(false);
  });

  test("a program that is not there is told as without secrets", async () => {
    const { client } = await openTestCore();
    await client.secrets.set({ name: "TOKEN", value });
    const folder = folderWith({
      "gauntlet.yaml": `name: a\nimage: ${nodeImage}\nsecrets: { TOKEN: {} }\ntrain: { command: [no-such-program] }\n`,
    });
    expect(await runToEnd(client, folder)).toMatchObject({
      state: "failed",
      reason: "command-not-found",
    });
  });
});

test(
  "the window's core seals values; another one cannot open them, and says so",
  { timeout },
  async () => {
    const data = temporaryFolder();
    const key = randomBytes(32);
    const open = async () => {
      const program = fileURLToPath(new URL("../../cli/gauntlet.mjs", import.meta.url));
      const child = spawn(process.execPath, [program, "--data", data, "core", "--key"]);
      onTestFinished(() => void child.kill());
      child.stdin.write(`${key.toString("base64")}\n`);
      await new Promise((resolve) => child.stdout.once("data", resolve));
      const { client, close } = await connectToCore(data);
      return {
        client,
        async end() {
          close();
          const gone = new Promise((resolve) => child.once("exit", resolve));
          child.stdin.end();
          expect(await gone).toBe(0);
        },
      };
    };
    const folder = folderWith({
      "gauntlet.yaml": `name: a\nsecrets: { TOKEN: {} }\ntrain: { command: [node, -e, "process.exit(process.env.TOKEN.length === 27 ? 0 : 1)"] }\n`,
    });
    const window = await open();
    await window.client.secrets.set({ name: "TOKEN", value });
    expect((await runToEnd(window.client, folder)).state).toBe("succeeded");
    await window.end();
    for (const text of [value, base64, key.toString("base64")])
      expect(holders(data, text)).toEqual([]);
    const other = await openTestCore(data);
    const { run } = await other.client.runs.submit({ folder });
    const { condition } = await until(async () => {
      const { jobs } = await other.client.system.queue({});
      return jobs.find((job) => job.condition !== null);
    });
    expect(condition).toContain("TOKEN cannot be opened here");
    await other.close();
    const again = await open();
    await untilDone(again.client, [run]);
    expect((await again.client.runs.get({ run })).state).toBe("succeeded");
    await again.end();
  },
);
