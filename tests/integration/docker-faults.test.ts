/** What goes wrong with containers of a real Docker Engine, and what becomes of their runs. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  mkdirSync,
  openSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { connectToCore, type Client } from "../../core/api/socket-client.ts";
import type { LaunchSpec } from "../../core/domain/ports.ts";
import { dockerClient } from "../../core/platform/docker/client.ts";
import { installationFolder } from "../../core/platform/installation.ts";
import { attemptFiles, containerName, launchFile } from "../../core/runners/docker/attempt.ts";
import { containerOptions } from "../../core/runners/docker/container.ts";
import { createDockerRunner } from "../../core/runners/docker/runner.ts";
import { makeAttempt, untilEnded } from "../contract/runner-suite.ts";
import { hasProgram, nodeImage } from "../parts.ts";
import { folderWith, logOf, openTestCore, runToEnd, until, untilDone } from "../support/core.ts";
import { docker, removeImages } from "../support/docker.ts";
import { pretendGpus } from "../support/gpus.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const timeout = 300_000;

/** A core in a process of its own, which can be killed. */
async function startCore(data: string) {
  const program = fileURLToPath(new URL("../../cli/gauntlet.mjs", import.meta.url));
  const child = spawn(process.execPath, [program, "--data", data, "core"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  const { client, close } = await connectToCore(data);
  return {
    client,
    async kill() {
      close();
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

async function untilSays(client: Client, run: string, text: string): Promise<void> {
  await until(async () => {
    const [attempt] = (await client.runs.get({ run })).attempts;
    return attempt?.state === "running" && (await logOf(client, run)).includes(text);
  });
}

/** Ends what a test leaves running when it fails. */
function stopAtEnd(client: Client, runs: readonly string[]): void {
  onTestFinished(async () => {
    for (const run of runs) await client.runs.stop({ run });
    await untilDone(client, [...runs]);
  });
}

/** Mounts a small disk, where the engine sees it too. Returns a folder for data on it. */
function mountDisk(disk: string, bytes: number): string {
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", disk]);
  onTestFinished(() => void execFileSync("umount", ["-l", disk]));
  return join(disk, "data");
}

/** Takes every byte that is free. */
function fill(disk: string, file: string): void {
  const handle = openSync(file, "w");
  try {
    for (let chunk = 2 ** 20; chunk >= 4096;) {
      const { bavail, bsize } = statfsSync(disk);
      if (bavail * bsize < chunk) chunk /= 2;
      else writeSync(handle, Buffer.alloc(chunk, 1));
    }
  } finally {
    closeSync(handle);
  }
}

function newRunner() {
  return createDockerRunner({
    installation: installationFolder,
    owner: "test",
    secrets: { get: async () => null },
  });
}

/** Starts an attempt's container as a core does that is killed before it watches it. */
async function startUnwatched(spec: LaunchSpec): Promise<void> {
  const { launch, container: noted } = attemptFiles(spec.folder);
  const client = await dockerClient();
  const image = await client.getImage(nodeImage).inspect();
  writeFileSync(launch, JSON.stringify(launchFile(spec)));
  const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const around = { readOnly: [], hasModel: false, agent: null, gpus: "nvidia", user } as const;
  const container = await client.createContainer(containerOptions(spec, image.Id, around));
  const record = {
    id: container.id,
    image: nodeImage,
    imageId: image.Id,
    digest: null,
    engine: "",
  };
  writeFileSync(noted, JSON.stringify(record));
  await container.start();
}

describe.skipIf(!hasProgram("docker with node"))("[docker with node]", { timeout }, () => {
  test("limits that pass while no core runs are enforced at the next start", async () => {
    const data = temporaryFolder();
    const limit = 15_000;
    const core = await startCore(data);
    const submit = async (name: string, limited: string, code: string) => {
      const folder = folderWith({
        "gauntlet.yaml": `name: ${name}\nimage: ${nodeImage}\ntrain: { command: [node, train.mjs], resources: { cpus: 1 }, ${limited}: ${limit / 1000}s }\n`,
        "train.mjs": `console.log("up");\nsetInterval(() => ${code}, 500);\n`,
      });
      const { run } = await core.client.runs.submit({ folder });
      await untilSays(core.client, run, "up");
      return run;
    };
    const timed = await submit("timed", "time_limit", "console.log('still')");
    const silent = await submit("silent", "silence_limit", "0");
    await core.kill();
    await sleep(limit);
    const begun = Date.now();
    const { client } = await openTestCore(data);
    stopAtEnd(client, [timed, silent]);
    await untilDone(client, [timed, silent]);
    const runs = [await client.runs.get({ run: timed }), await client.runs.get({ run: silent })];
    expect(runs.map(({ reason }) => reason)).toEqual(["timed-out", "silent"]);
    // Nothing begins anew with the core.
    for (const { attempts } of runs)
      expect((attempts[0]?.endedAt ?? Infinity) - begun).toBeLessThan(limit - 3000);
  });

  test("who has written while no core ran was not silent", async () => {
    const data = temporaryFolder();
    const core = await startCore(data);
    const folder = folderWith({
      "gauntlet.yaml": `name: speaks\nimage: ${nodeImage}\ntrain: { command: [node, train.mjs], silence_limit: 5s }\n`,
      "train.mjs": `let n = 0;
const timer = setInterval(() => { console.log("line", ++n); if (n === 24) clearInterval(timer); }, 500);`,
    });
    const { run } = await core.client.runs.submit({ folder });
    await untilSays(core.client, run, "line 1\n");
    await core.kill();
    await sleep(6000);
    const { client } = await openTestCore(data);
    stopAtEnd(client, [run]);
    await untilDone(client, [run]);
    expect(await client.runs.get({ run })).toMatchObject({ state: "succeeded" });
    expect(await logOf(client, run)).toMatch(/^line 1\n(?:line \d+\n){22}line 24\n$/);
  });

  test("a container that is removed by hand while no core runs is lost, and tried once more", async () => {
    const data = temporaryFolder();
    const core = await startCore(data);
    const folder = folderWith({
      "gauntlet.yaml": `name: removed\nimage: ${nodeImage}\ntrain: { command: [node, train.mjs] }\n`,
      "train.mjs": `import { readFileSync } from "node:fs";
const { attempt } = JSON.parse(readFileSync(process.env.GAUNTLET_RUN_DIR + "/job.json", "utf8"));
console.log("attempt", attempt);
setTimeout(() => 0, attempt === 1 ? 10 ** 9 : 0);`,
    });
    const { run } = await core.client.runs.submit({ folder });
    await untilSays(core.client, run, "attempt 1");
    const [before] = (await core.client.runs.get({ run })).attempts;
    await core.kill();
    await docker("rm", "-f", `gauntlet-${before?.job}-1`);
    const { client } = await openTestCore(data);
    stopAtEnd(client, [run]);
    await client.work.resume({});
    await untilDone(client, [run]);
    const detail = await client.runs.get({ run });
    expect(detail.attempts).toMatchObject([
      { state: "failed", reason: "lost" },
      { state: "succeeded" },
    ]);
    expect(await logOf(client, run)).toBe("attempt 2\n");
  });

  test("an image without a shell runs programs; secrets as variables are refused, as files are not", async () => {
    const { client } = await openTestCore();
    await client.secrets.set({ name: "TOKEN", value: "a-value-of-a-secret" });
    const name = `bare-${process.pid}`;
    onTestFinished(async () => {
      const images = await docker(
        "images",
        "--format",
        "{{.Repository}}:{{.Tag}}",
        `gauntlet/${name}`,
      );
      await removeImages(...images.split("\n").filter(Boolean));
    });
    // The C library's own program is linked statically. The entry point is not used, and so may lack.
    const dockerfile = `FROM ${nodeImage} AS base
FROM scratch
COPY --from=base /usr/sbin/ldconfig /program
ENTRYPOINT ["/no-such-entry-point"]
`;
    const folder = (secrets: string) =>
      folderWith({
        "gauntlet.yaml": `name: ${name}\nimage: { build: . }\n${secrets}train: { command: [/program, -V] }\n`,
        Dockerfile: dockerfile,
      });
    const bare = await runToEnd(client, folder(""));
    expect(await logOf(client, bare.id)).toContain("ldconfig");
    const asFile = await runToEnd(client, folder("secrets: { TOKEN: { file: token } }\n"));
    expect([bare.state, asFile.state]).toEqual(["succeeded", "succeeded"]);

    const asVariable = folder("secrets: { TOKEN: {} }\n");
    const refused = await runToEnd(client, asVariable);
    expect(refused).toMatchObject({ state: "failed", reason: "no-shell" });
    expect(refused.attempts[0]?.hint).toContain("Take them as files");
    expect(refused.attempts[0]?.raw).toMatch(
      /^The image gauntlet\/bare-\d+:[0-9a-f]+ has no \/bin\/sh, which puts secrets into variables: TOKEN\.$/,
    );
    expect(
      await docker("ps", "-aq", "--filter", `label=gauntlet.job=${refused.attempts[0]?.job}`),
    ).toBe("");
    // And said beforehand, once the image is there.
    const { findings } = await client.experiments.readiness({ folder: asVariable });
    expect(findings).toMatchObject([{ state: "failed", code: "IMAGE_WITHOUT_SHELL" }]);
    expect(await client.experiments.readiness({ folder: folder("") })).toMatchObject({
      findings: [],
    });
  });

  test("what ended while no core ran keeps its end, whatever limits passed since", async () => {
    const runner = newRunner();
    const end = { code: 0, endedBy: "itself" };
    const silent = await makeAttempt(runner, ["node", "report.mjs", "0"], { silenceLimit: 1 });
    const timed = await makeAttempt(runner, ["node", "report.mjs", "0"], { timeLimit: 1 });
    const stopped = await makeAttempt(runner, ["node", "polite.mjs"]);
    for (const { spec } of [silent, timed, stopped]) await startUnwatched(spec);
    // A core that is killed once it has passed on that the job is to stop.
    const container = containerName(stopped.spec.key);
    await until(async () => (await docker("logs", container)).includes("ready"));
    writeFileSync(join(stopped.spec.folder, "stop.json"), "");
    await docker("kill", "--signal", "SIGTERM", container);
    for (const { spec } of [silent, timed, stopped]) await docker("wait", containerName(spec.key));
    await sleep(100);
    // Who asks for a stop only now comes too late.
    writeFileSync(join(timed.spec.folder, "stop.json"), "");

    expect(await untilEnded(newRunner(), silent)).toMatchObject(end);
    expect(await untilEnded(newRunner(), timed)).toMatchObject(end);
    expect(await untilEnded(newRunner(), stopped)).toMatchObject({ ...end, endedBy: "stopped" });
    expect(await silent.read("log")).toContain("this is standard output");
    for (const { spec } of [silent, timed, stopped])
      expect(await docker("ps", "-aq", "--filter", `label=gauntlet.job=${spec.key.job}`)).toBe("");
  });

  test("what cannot be noted as started is not, and is launched again later", async () => {
    const runner = newRunner();
    const attempt = await makeAttempt(runner, ["sh", "-c", "echo once >> ../../out/count"]);
    const { folder, key } = attempt.spec;
    const obstacle = join(folder, "container.json");
    mkdirSync(obstacle);
    await expect(runner.launch(attempt.spec)).rejects.toThrow();
    expect(await docker("ps", "-aq", "--filter", `label=gauntlet.job=${key.job}`)).toBe("");
    rmdirSync(obstacle);
    expect(await runner.observe(folder, key)).toEqual({ kind: "absent" });
    await runner.launch(attempt.spec);
    expect(await untilEnded(runner, attempt)).toMatchObject({ code: 0, endedBy: "itself" });
  });

  test.skipIf(!hasProgram("mounts"))(
    "a full disk costs neither the run nor how it ended [mounts]",
    async () => {
      const disk = join(temporaryFolder(), "disk");
      const { client } = await openTestCore(mountDisk(disk, 32 * 2 ** 20));
      const folder = folderWith({
        "gauntlet.yaml": `name: large\nimage: ${nodeImage}\ntrain: { command: [node, train.mjs] }\n`,
        "train.mjs": `import { existsSync, writeFileSync } from "node:fs";
const out = process.env.GAUNTLET_RUN_DIR + "/out/";
console.log("up");
while (!existsSync(out + "go")) await new Promise((go) => setTimeout(go, 20));
try {
  writeFileSync(out + "large.bin", Buffer.alloc(2 ** 20, 1));
} catch (error) {
  console.error("cannot write:", error.code);
}
await new Promise((go) => setTimeout(go, 300));
process.kill(process.pid, "SIGKILL");`,
      });
      const { run } = await client.runs.submit({ folder });
      await untilSays(client, run, "up");
      const [attempt] = (await client.runs.get({ run })).attempts;
      const job = attempt?.job ?? "";
      const filler = join(disk, "filler");
      fill(disk, filler);
      writeFileSync(join(disk, "data", "jobs", job, "1", "run", "out", "go"), "");
      const stateOf = async () =>
        (await client.work.progress({ runs: [run], evaluations: [] })).runs[0];
      await until(async () => /disk .*is full/.test((await stateOf())?.condition ?? ""));
      const container = `gauntlet-${job}-1`;
      const isRunning = () => docker("inspect", "--format", "{{.State.Running}}", container);
      await until(async () => (await isRunning()) === "false");
      // Time enough to try, more than once, what cannot be.
      await sleep(1500);
      expect(await stateOf()).toMatchObject({ state: "running" });
      // What is not recorded yet is not removed.
      expect(await docker("ps", "-aq", "--filter", `label=gauntlet.job=${job}`)).not.toBe("");
      rmSync(filler);
      await untilDone(client, [run]);
      const detail = await client.runs.get({ run });
      expect(detail).toMatchObject({ state: "failed", reason: "killed" });
      expect(detail.attempts).toHaveLength(1);
      expect(await logOf(client, run)).toBe("up\ncannot write: ENOSPC\n");
      expect(await docker("ps", "-aq", "--filter", `label=gauntlet.job=${job}`)).toBe("");
    },
  );

  test.skipIf(!hasProgram("nvidia-smi"))(
    "a GPU that the engine cannot give is told with how to mend it [nvidia-smi]",
    async () => {
      pretendGpus(1000);
      const { client } = await openTestCore();
      const folder = folderWith({
        "gauntlet.yaml": `name: gpu\nimage: ${nodeImage}\ntrain: { command: [node, -e, "0"], resources: { gpus: 1 } }\n`,
      });
      const detail = await runToEnd(client, folder);
      expect(detail).toMatchObject({ state: "failed", reason: "no-gpu-runtime" });
      const [attempt] = detail.attempts;
      expect(attempt?.gpus).toEqual([1000]);
      expect(attempt?.raw).toMatch(/nvidia/);
      expect(attempt?.hint).toContain("nvidia-ctk runtime configure");
      expect(await docker("ps", "-aq", "--filter", `label=gauntlet.job=${attempt?.job}`)).toBe("");
    },
  );
});
