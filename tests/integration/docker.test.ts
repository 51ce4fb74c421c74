/** Experiments that name an image: their jobs run in containers of a real Docker Engine. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { installationFolder } from "../../core/platform/installation.ts";
import { sha256 } from "../../core/platform/sha256.ts";
import { hasProgram, nodeImage, part, torchImage } from "../parts.ts";
import { folderWith, logOf, openTestCore, until, untilDone } from "../support/core.ts";
import { docker, removeImages } from "../support/docker.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const timeout = 300_000;

/** Containers of a run's jobs, running or not. */
async function containersOf(jobs: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(
    jobs.map((job) => docker("ps", "-aq", "--filter", `label=gauntlet.job=${job}`)),
  );
  return lists.flatMap((text) => text.split("\n")).filter(Boolean);
}

/** An experiment whose only program is `code`, run to its end in the image with Node. */
async function runInImage(code: string, yaml = "", stage = "") {
  const { client } = await openTestCore();
  const folder = folderWith({
    "gauntlet.yaml": `name: boxed\nimage: ${nodeImage}\n${yaml}train: { command: [node, train.mjs]${stage} }\n`,
    "train.mjs": code,
  });
  const { run } = await client.runs.submit({ folder });
  await untilDone(client, [run]);
  const detail = await client.runs.get({ run });
  const attempt = detail.attempts.at(-1);
  return { client, run, detail, attempt, log: await logOf(client, run) };
}

describe.skipIf(!hasProgram("docker with node"))("[docker with node]", { timeout }, () => {
  test("a job sees its run folder and nothing it should not; what it leaves is the caller's", async () => {
    const { detail, attempt, log } = await runInImage(
      `import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
const out = process.env.GAUNTLET_RUN_DIR + "/out/";
const status = readFileSync("/proc/self/status", "utf8");
console.log(status.match(/^(CapEff|CapBnd|NoNewPrivs):.*$/gm).join(" "));
console.log("init", readFileSync("/proc/1/comm", "utf8").trim(), "at", process.cwd());
console.log("SPECIAL", process.env.SPECIAL, "HOME", process.env.HOME);
writeFileSync(out + "metrics.jsonl", JSON.stringify({ step: 1, loss: 0.5 }) + "\\n");
mkdirSync(out + "model");
writeFileSync(out + "model/weights", "w");
await new Promise((resolve) => setTimeout(resolve, 400));`,
      "env: { SPECIAL: 'a b$c' }\n",
      ", resources: { memory: 512MiB, shm: 32MiB }",
    );
    expect(log).toContain("CapEff:\t0000000000000000 CapBnd:\t0000000000000000");
    expect(log).toContain("NoNewPrivs:\t1");
    expect(log).toContain("init docker-init at /gauntlet/in/code");
    expect(log).toContain("SPECIAL a b$c HOME /tmp");
    expect(detail).toMatchObject({ state: "succeeded" });
    expect(attempt?.environment).toMatchObject({
      container: { image: nodeImage, imageId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
    });
    expect(attempt?.exit?.peakMemory).toBeGreaterThan(0);
    expect(await containersOf(detail.attempts.map(({ job }) => job))).toEqual([]);
  });

  test("the network is off where the experiment says so", async () => {
    const code = `import { networkInterfaces } from "node:os";
console.log("interfaces", Object.keys(networkInterfaces()).join());`;
    expect((await runInImage(code, "network: false\n")).log).toContain("interfaces lo\n");
    expect((await runInImage(code)).log).toMatch(/interfaces .*eth0/);
  });

  test("how it failed is told apart, and nothing is left behind", async () => {
    const cases = [
      [await runInImage("process.exit(3)"), "exit-code", "exit status 3"],
      [await runInImage("process.kill(process.pid, 'SIGKILL')"), "killed", "SIGKILL"],
      [
        await runInImage(
          "const all = []; for (;;) all.push(Buffer.alloc(2 ** 24, 1));",
          "",
          ", resources: { memory: 64MiB }",
        ),
        "out-of-memory",
        "SIGKILL",
      ],
      [
        await runInImage("setInterval(() => {}, 1000)", "", ", time_limit: 1s"),
        "timed-out",
        "SIGTERM",
      ],
    ] as const;
    for (const [{ detail, attempt }, reason, raw] of cases) {
      expect(detail).toMatchObject({ state: "failed", reason });
      expect(attempt?.raw).toContain(raw);
      expect(await containersOf(detail.attempts.map(({ job }) => job))).toEqual([]);
    }
  });

  test("an image that cannot be had, or not be built, is told with the engine's words", async () => {
    const { client } = await openTestCore();
    const experiments: Record<string, string>[] = [
      { "gauntlet.yaml": "name: a\nimage: no/such-image:1\ntrain: { command: [x] }\n" },
      {
        "gauntlet.yaml": "name: b\nimage: { build: . }\ntrain: { command: [x] }\n",
        Dockerfile: `FROM ${nodeImage}\nRUN echo step-that-works && exit 7\n`,
      },
      {
        "gauntlet.yaml": `name: c\nimage: ${nodeImage}\ntrain: { command: [no-such-program] }\n`,
      },
      { "gauntlet.yaml": "name: d\nimage: { build: nowhere }\ntrain: { command: [x] }\n" },
    ];
    const runs = await Promise.all(
      experiments.map(
        async (files) => (await client.runs.submit({ folder: folderWith(files) })).run,
      ),
    );
    await untilDone(client, runs);
    const details = await Promise.all(runs.map((run) => client.runs.get({ run })));
    const [first, ...others] = details.map(({ reason }) => reason);
    // Registries say of what they have not that it needs a login; here none may be in reach.
    expect(["image-forbidden", "image-unavailable"]).toContain(first);
    expect(others).toEqual(["image-build-failed", "command-not-found", "image-build-failed"]);
    expect(details[3]?.attempts[0]?.raw).toMatch(/There is no Dockerfile in .*in.code.nowhere/);
    expect(await logOf(client, runs[1] ?? "")).toContain("step-that-works");
    expect(details[1]?.attempts[0]?.raw).toContain("returned a non-zero code: 7");
  });

  test("an image is built from the experiment's folder, and not again without a change", async () => {
    const { client } = await openTestCore();
    const mark = `mark-${Date.now()}`;
    const folder = folderWith({
      "gauntlet.yaml":
        "name: built\nimage: { build: box, args: { MARK: " +
        `${mark} } }\ntrain: { command: [node, -e, "console.log('says', process.env.MARK)"] }\n`,
      "box/Dockerfile": `FROM ${nodeImage}\nARG MARK\nENV MARK=$MARK\nCOPY . /box\n`,
      "box/.dockerignore": "secret*\n",
      "box/kept.txt": "kept",
      "box/secret.txt": "left out",
    });
    const logs: string[] = [];
    let image = "";
    for (let seed = 0; seed < 2; seed++) {
      const { run } = await client.runs.submit({ folder, seed });
      await untilDone(client, [run]);
      logs.push(await logOf(client, run));
      const [attempt] = (await client.runs.get({ run })).attempts;
      const { container } = z
        .object({ container: z.object({ image: z.string() }) })
        .parse(attempt?.environment);
      image = container.image;
    }
    expect(logs[0]).toContain("[gauntlet] Building gauntlet/built:");
    expect(logs[1]).not.toContain("Building");
    for (const log of logs) expect(log).toContain(`says ${mark}\n`);
    expect(await docker("run", "--rm", image, "ls", "/box")).toBe("Dockerfile\nkept.txt");
    await removeImages(image);
  });

  test("a container that somebody removes fails its attempt; a stopped run is cancelled", async () => {
    const { client } = await openTestCore();
    const folder = folderWith({
      "gauntlet.yaml": `name: long\nimage: ${nodeImage}\ntrain: { command: [node, train.mjs] }\n`,
      "train.mjs": "console.log('up'); setInterval(() => {}, 1000)",
    });
    const submit = async (seed: number) => {
      const { run } = await client.runs.submit({ folder, seed });
      const job = await until(async () => {
        const [attempt] = (await client.runs.get({ run })).attempts;
        return attempt?.state === "running" && (await logOf(client, run)) !== "" && attempt.job;
      });
      return { run, job };
    };
    const { run: removed, job } = await submit(0);
    for (const id of await containersOf([job])) await docker("rm", "-f", id);
    const failed = await until(async () => {
      const [attempt] = (await client.runs.get({ run: removed })).attempts;
      return attempt?.state === "failed" && attempt;
    });
    // Killed, where its end was still to be seen before it was gone.
    expect(["killed", "lost"]).toContain(failed.reason);
    await client.runs.stop({ run: removed });
    await untilDone(client, [removed]);
    const { run: stopped, job: second } = await submit(1);
    await client.runs.stop({ run: stopped });
    await untilDone(client, [stopped]);
    expect(await client.runs.get({ run: stopped })).toMatchObject({ state: "cancelled" });
    expect(await containersOf([job, second])).toEqual([]);
  });

  test.skipIf(!hasProgram("nvidia-smi"))(
    "GPUs are shared out one to a job, and a container sees its own alone [nvidia-smi]",
    async () => {
      vi.stubEnv("GAUNTLET_NVIDIA_SMI", part("nvidia-smi").at);
      onTestFinished(() => void vi.unstubAllEnvs());
      const { client } = await openTestCore();
      const folder = folderWith({
        "gauntlet.yaml": `name: gpu\nimage: ${nodeImage}\ntrain: { command: [node, train.mjs], resources: { gpus: 1 } }\n`,
        "train.mjs": `import { execFileSync } from "node:child_process";
console.log("sees", execFileSync("nvidia-smi", ["-L"]).toString().trim().split("\\n").length);
console.log("given", process.env.NVIDIA_VISIBLE_DEVICES);
setTimeout(() => {}, 1500);`,
      });
      const runs: string[] = [];
      for (let seed = 0; seed < 2; seed++)
        runs.push((await client.runs.submit({ folder, seed })).run);
      await untilDone(client, runs);
      const given: string[] = [];
      for (const run of runs) {
        const log = await logOf(client, run);
        expect(log).toContain("sees 1\n");
        const [attempt] = (await client.runs.get({ run })).attempts;
        given.push(/given (.*)/.exec(log)?.[1] ?? "");
        expect(given.at(-1)).toBe(attempt?.gpus.join());
      }
      expect(given.toSorted()).toEqual(["0", "1"]);
    },
  );

  test("models are trained and attacked in containers as they are without", async () => {
    const { client } = await openTestCore();
    const folder = join(temporaryFolder(), "digits");
    await cp(join(installationFolder, "resources", "kits", "digits"), folder, { recursive: true });
    const file = join(folder, "gauntlet.yaml");
    const yaml = (await readFile(file, "utf8"))
      .replace("name: digits", `name: boxed-digits\nimage: ${nodeImage}`)
      .replace("samples: 100", "samples: 10")
      .replace("attacks: active", "attacks: [fgm, ddn]");
    await writeFile(file, yaml);
    const { run } = await client.runs.submit({ folder, parameters: { epochs: 1 } });
    await untilDone(client, [run]);
    const detail = await client.runs.get({ run });
    expect(detail).toMatchObject({ state: "succeeded", summary: { accuracy: expect.any(Number) } });
    expect(detail.evaluations.map(({ state }) => state)).toEqual(["verified", "verified"]);
  });
});

describe.skipIf(!hasProgram("docker with torch"))("[docker with torch]", { timeout }, () => {
  test("what the image has inside is found once and stands with each attempt", async () => {
    const { client, data } = await openTestCore();
    const folder = folderWith({
      "gauntlet.yaml": `name: boxed\nimage: ${torchImage}\nnetwork: false\ntrain: { command: [python3, -c, "print(1)"] }\n`,
    });
    const submit = async (seed: number) => {
      const { run } = await client.runs.submit({ folder, seed });
      await untilDone(client, [run]);
      return run;
    };
    const first = await submit(0);
    const found = await until(async () => {
      const [attempt] = (await client.runs.get({ run: first })).attempts;
      return attempt?.environment?.["runtime"] ? attempt.environment : undefined;
    });
    expect(found).toMatchObject({
      runtime: expect.stringMatching(/^Python 3\.\d+/),
      packages: { torch: expect.stringMatching(/^\d+\.\d+/), numpy: expect.any(String) },
      container: { image: torchImage },
    });
    const foundAt = () => {
      const db = new Database(join(data, "catalog.sqlite"), { readonly: true });
      const times = db.prepare<[], number>("SELECT found_at FROM image_contents").pluck().all();
      db.close();
      return times;
    };
    const before = foundAt();
    const second = await submit(1);
    expect((await client.runs.get({ run: second })).attempts[0]?.environment).toMatchObject({
      packages: found["packages"],
    });
    expect(foundAt()).toEqual(before);
    expect(before).toHaveLength(1);
    const { sections } = await client.runs.compare({ runs: [first, second] });
    expect(sections.environment).toContainEqual(
      expect.objectContaining({ name: "packages.torch", differs: false }),
    );
    const file = join(temporaryFolder(), "environment.csv");
    await client.export({ table: { what: "environment", runs: [first] }, format: "csv", file });
    expect(await readFile(file, "utf8")).toMatch(/,train,1,packages\.torch,\d/);
    // Of this core: others look into images at the same time.
    const looks = `name=gauntlet-contents-${sha256(realpathSync(data)).slice(0, 12)}-`;
    expect(await docker("ps", "-aq", "--filter", looks)).toBe("");
  });
});

describe.skipIf(!hasProgram("docker with node"))("[docker with node]", { timeout }, () => {
  test("an image without Python has no packages, and that is no error", async () => {
    const { client, data } = await openTestCore();
    const folder = folderWith({
      "gauntlet.yaml": `name: boxed\nimage: ${nodeImage}\ntrain: { command: [node, -e, "1"] }\n`,
    });
    const { run } = await client.runs.submit({ folder });
    await untilDone(client, [run]);
    const db = new Database(join(data, "catalog.sqlite"), { readonly: true });
    onTestFinished(() => void db.close());
    const rows = db.prepare("SELECT runtime, cuda, packages_json FROM image_contents");
    const row = await until(async () => rows.get() ?? undefined);
    expect(row).toEqual({ runtime: null, cuda: null, packages_json: "{}" });
    expect((await client.runs.get({ run })).attempts[0]?.environment).toMatchObject({
      runtime: null,
      packages: {},
    });
    expect(existsSync(join(data, "logs", "errors.log"))).toBe(false);
  });
});
