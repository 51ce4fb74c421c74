/** What `gauntlet doctor` says of the chain that jobs in containers rest on, link by link. */
import { createServer } from "node:net";
import { spawn } from "node:child_process";
import { describe, expect, onTestFinished, test } from "vitest";
import type { CheckView } from "../../shared/views.ts";
import { runCli } from "../support/cli.ts";
import { type FakeEngine, socketPath, startFakeDocker } from "../support/fake-docker.ts";
import { pretendGpus, useNvidiaSmi } from "../support/gpus.ts";
import { folderOfNobody, mayBecomeNobody, startAsNobody } from "../support/nobody.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** The checks of Docker that the command prints, with Docker at a socket. */
async function dockerChecks(socket: string): Promise<CheckView[]> {
  const env = { DOCKER_HOST: `unix://${socket}` };
  const { stdout, stderr } = await runCli(["doctor", "--json"], temporaryFolder(), undefined, {
    env,
  });
  expect(stderr).toBe("");
  const checks: CheckView[] = JSON.parse(stdout);
  return checks.filter(({ name }) => name.startsWith("docker"));
}

async function checksOf(engine: FakeEngine): Promise<CheckView[]> {
  const socket = socketPath();
  await startFakeDocker(socket, engine);
  return dockerChecks(socket);
}

const toolkit = expect.stringContaining("nvidia-ctk runtime configure");

describe("without GPUs", () => {
  test("an engine that answers, on a disk that is not this machine's", async () => {
    useNvidiaSmi("/dev/null/no-such-program");
    expect(await checksOf({})).toEqual([
      { name: "docker", state: "ok", detail: "Docker Engine 27.1.0 (API 1.46)", hint: null },
    ]);
  });

  test("room for images, where that can be seen", async () => {
    useNvidiaSmi("/dev/null/no-such-program");
    const [, disk] = await checksOf({ root: temporaryFolder() });
    expect(disk).toMatchObject({
      name: "docker disk",
      detail: expect.stringMatching(/free for images$/),
    });
  });

  test("no engine", async () => {
    const socket = socketPath();
    expect(await dockerChecks(socket)).toEqual([
      {
        name: "docker",
        state: "warning",
        detail: `Docker does not answer: connect ENOENT ${socket}`,
        hint: expect.stringContaining("Start Docker (systemctl start docker, or Docker Desktop)"),
      },
    ]);
  });

  test("an engine that refuses connections, as one that was killed", async () => {
    const socket = socketPath();
    // Its socket stays behind.
    const program = `require("net").createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, "SIGKILL"))`;
    await new Promise((resolve) => spawn(process.execPath, ["-e", program]).once("exit", resolve));
    expect(await dockerChecks(socket)).toMatchObject([
      { state: "warning", detail: `Docker does not answer: connect ECONNREFUSED ${socket}` },
    ]);
  });

  test("an engine that hangs is given up on", { timeout: 30_000 }, async () => {
    const socket = socketPath();
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    onTestFinished(() => void server.close());
    expect(await dockerChecks(socket)).toMatchObject([
      { state: "warning", detail: "Docker does not answer: It has not answered for 10 s." },
    ]);
  });

  test("an engine that is broken", async () => {
    expect(await checksOf({ broken: { status: 500, message: "no space left" } })).toMatchObject([
      {
        state: "warning",
        detail: "Docker answered: no space left",
        hint: expect.stringContaining("journalctl -u docker"),
      },
    ]);
  });

  // Whoever is root may speak to any socket; somebody else asks then.
  test.skipIf(!mayBecomeNobody)("no right to the socket", async () => {
    const socket = socketPath();
    await startFakeDocker(socket);
    const child = startAsNobody(["doctor", "--json"], folderOfNobody(), socket);
    let stdout = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
    expect(JSON.parse(stdout).find(({ name }: CheckView) => name === "docker")).toMatchObject({
      state: "warning",
      detail: `You may not speak to Docker: connect EACCES ${socket}`,
      hint: expect.stringContaining("docker group (sudo usermod -aG docker $USER)"),
    });
  });
});

describe("with GPUs", () => {
  test.each<[string, FakeEngine, Partial<CheckView>]>([
    [
      "a container sees them",
      { images: [{ name: "node:24" }] },
      { state: "ok", detail: "a container sees the GPUs", hint: null },
    ],
    [
      "no toolkit",
      {
        images: [{ name: "node:24" }],
        refuses: 'could not select device driver "nvidia" with capabilities: [[gpu]]',
      },
      {
        state: "failed",
        detail: 'could not select device driver "nvidia" with capabilities: [[gpu]]',
        hint: toolkit,
      },
    ],
    [
      "a driver that does not fit",
      { images: [{ name: "busybox:1", size: 4e6 }, { name: "node:24" }], exitCode: 18 },
      {
        state: "failed",
        detail: "in a container of node:24 nvidia-smi ended with 18",
        hint: toolkit,
      },
    ],
    [
      "no image to try with, and a runtime",
      { runtimes: ["runc", "nvidia"] },
      {
        state: "ok",
        detail: "the NVIDIA runtime is there; untried, for there is no image yet",
        hint: null,
      },
    ],
    [
      "a container sees those of CDI",
      { images: [{ name: "node:24" }], cdi: ["nvidia.com/gpu=0", "nvidia.com/gpu=all"] },
      { state: "ok", detail: "a container sees the GPUs through CDI", hint: null },
    ],
    [
      "a CDI specification that does not fit",
      {
        images: [{ name: "node:24" }],
        cdi: ["nvidia.com/gpu=0"],
        refuses: "CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=all",
      },
      { state: "failed", hint: expect.stringContaining("nvidia-ctk cdi generate") },
    ],
    [
      "no image to try with, and CDI",
      { cdi: ["nvidia.com/gpu=0", "intel.com/gpu=0"] },
      {
        state: "ok",
        detail: "CDI lists nvidia.com/gpu=0; untried, for there is no image yet",
        hint: null,
      },
    ],
    [
      "no image to try with, and no runtime",
      {},
      {
        state: "warning",
        detail: "no NVIDIA runtime; untried, for there is no image yet",
        hint: toolkit,
      },
    ],
  ])("%s", async (_name, engine, expected) => {
    pretendGpus();
    const [docker, gpus] = await checksOf(engine);
    expect(docker).toMatchObject({ name: "docker", state: "ok" });
    expect(gpus).toMatchObject({ name: "docker gpus", ...expected });
  });
});

test("in words, with how to mend it", async () => {
  const env = { DOCKER_HOST: `unix://${socketPath()}` };
  const { stdout } = await runCli(["doctor"], temporaryFolder(), undefined, { env });
  expect(stdout).toMatch(
    /warning {2}docker {7}Docker does not answer: .*\n +Only needed for experiments with an image\. Start Docker/,
  );
});
