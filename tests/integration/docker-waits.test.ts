/** Runs with an image while Docker cannot be asked, and while their image is fetched or built. */
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { connectToCore } from "../../core/api/socket-client.ts";
import { dockerClient } from "../../core/platform/docker/client.ts";
import { installationFolder } from "../../core/platform/installation.ts";
import { makeSecretFolder, removeSecretFolder } from "../../core/platform/secret-folder.ts";
import { attemptFiles } from "../../core/runners/docker/attempt.ts";
import { buildSecretFolder } from "../../core/runners/docker/image.ts";
import { createDockerRunner } from "../../core/runners/docker/runner.ts";
import { makeAttempt } from "../contract/runner-suite.ts";
import { runCli } from "../support/cli.ts";
import { folderWith, logOf, openTestCore, until, untilDone } from "../support/core.ts";
import { fixedSocket, imageId, socketPath, startFakeDocker } from "../support/fake-docker.ts";
import { pretendGpus, useNvidiaSmi } from "../support/gpus.ts";
import { folderOfNobody, mayBecomeNobody, startAsNobody } from "../support/nobody.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const timeout = 60_000;
// The client of this process asks at one place all the time.
const socket = fixedSocket();
process.env["DOCKER_HOST"] = `unix://${socket}`;

const boxed = (image: string) =>
  folderWith({
    "gauntlet.yaml": `name: boxed\nimage: ${image}\nnetwork: false\ntrain: { command: [x] }\n`,
    Dockerfile: "FROM scratch\n",
  });

function newRunner() {
  return createDockerRunner({
    installation: installationFolder,
    owner: "test",
    secrets: { get: async () => null },
  });
}

const listed = async (data: string) => (await runCli(["runs", "list"], data)).stdout;

test("a run waits for an engine in words, and goes on once it answers", { timeout }, async () => {
  const { client, data } = await openTestCore();
  const { run } = await client.runs.submit({ folder: boxed("some/image:1") });
  const condition = await until(async () => (await client.runs.get({ run })).condition ?? false);
  expect(condition).toBe(
    "Docker does not answer. Start Docker (systemctl start docker, or Docker Desktop). Jobs go on as soon as it answers.",
  );
  const waiting = await client.runs.get({ run });
  expect(waiting).toMatchObject({ state: "running", attempts: [{ state: "starting" }] });
  expect((await client.runs.list({})).runs).toMatchObject([{ id: run, condition }]);
  expect(await listed(data)).toContain(condition);
  expect((await client.system.queue({})).jobs).toMatchObject([{ condition }]);

  await startFakeDocker(socket, {
    images: [{ name: "some/image:1", digest: "some/image@sha256:1" }],
  });
  await untilDone(client, [run]);
  const detail = await client.runs.get({ run });
  expect(detail).toMatchObject({ state: "succeeded", condition: null });
  expect(detail.attempts).toMatchObject([
    {
      container: {
        image: "some/image:1",
        id: imageId,
        digest: "some/image@sha256:1",
        engine: "27.1.0",
        network: false,
      },
    },
  ]);
  const shown = await runCli(["runs", "show", run], data);
  expect(shown.stdout).toMatch(/digest +some\/image@sha256:1\n +engine +Docker Engine 27\.1\.0\n/);
});

test("while its image is fetched a run says so, and how far it is", { timeout }, async () => {
  const { client, data } = await openTestCore();
  const gate = Promise.withResolvers<void>();
  onTestFinished(() => gate.resolve());
  await startFakeDocker(socket, { onImage: () => gate.promise });
  const { run } = await client.runs.submit({ folder: boxed("far/away:2") });
  await until(async () => (await client.runs.get({ run })).condition !== null);
  const condition = "fetching the image far/away:2";
  const detail = await client.runs.get({ run });
  expect(detail).toMatchObject({ condition, attempts: [{ state: "starting" }] });
  expect(detail.attempts[0]?.container).toEqual({
    image: "far/away:2",
    id: null,
    digest: null,
    engine: null,
    network: false,
  });
  expect(await listed(data)).toContain(condition);
  gate.resolve();
  await untilDone(client, [run]);
  expect(await client.runs.get({ run })).toMatchObject({ state: "succeeded", condition: null });
  expect(await logOf(client, run)).toContain("[gauntlet] Fetching far/away:2");
});

test("an engine that comes back is not said to be away", { timeout }, async () => {
  const { client } = await openTestCore();
  const { run } = await client.runs.submit({ folder: boxed("far/away:3") });
  const said = async () => (await client.runs.get({ run })).condition;
  await until(async () => (await said())?.startsWith("Docker does not answer.") ?? false);
  const gate = Promise.withResolvers<void>();
  onTestFinished(() => gate.resolve());
  await startFakeDocker(socket, { onImage: () => gate.promise });
  await until(async () => (await said()) === "fetching the image far/away:3");
  gate.resolve();
  await untilDone(client, [run]);
  expect(await said()).toBeNull();
});

test(
  "what a container says first is in the log at once, and in the end once",
  { timeout },
  async () => {
    const { client } = await openTestCore();
    await client.secrets.set({ name: "TOKEN", value: "a-value-of-a-secret" });
    const gate = Promise.withResolvers<void>();
    onTestFinished(() => gate.resolve());
    const first = "begun with a-value-of-a-secret\n";
    await startFakeDocker(socket, {
      output: { attached: first, log: `${first}and over\n` },
      onLog: () => gate.promise,
    });
    const yaml = "image: far/away:4\nsecrets: { TOKEN: {} }\ntrain: { command: [x] }\n";
    const { run } = await client.runs.submit({
      folder: folderWith({ "gauntlet.yaml": `name: boxed\n${yaml}` }),
    });
    const begun = "[gauntlet] Fetching far/away:4\nbegun with ***\n";
    await expect.poll(() => logOf(client, run)).toBe(begun);
    expect(await client.runs.get({ run })).toMatchObject({ state: "running" });
    gate.resolve();
    await untilDone(client, [run]);
    expect(await logOf(client, run)).toBe(`${begun}and over\n`);
  },
);

test("what a killed core has left of a build's secrets goes, though no engine answers", async () => {
  const runner = newRunner();
  const folder = temporaryFolder();
  writeFileSync(attemptFiles(folder).launch, "{}");
  const place = buildSecretFolder(folder);
  makeSecretFolder(place, { TOKEN: "a-value-of-a-secret" });
  onTestFinished(() => removeSecretFolder(place));
  const seen = await runner.observe(folder, { job: "job-1", attempt: 1 });
  expect(seen).toMatchObject({ kind: "unreachable" });
  expect(existsSync(place)).toBe(false);
});

test("what cannot be noted of an image that cannot be had is told at the next launch", async () => {
  const runner = newRunner();
  let obstacle = "";
  let isFirst = true;
  await startFakeDocker(socket, {
    onImage: async (tell) => {
      if (!isFirst) return;
      isFirst = false;
      rmSync(obstacle);
      mkdirSync(obstacle);
      tell({ error: "manifest unknown" });
    },
  });
  const attempt = await makeAttempt(runner, ["x"], { image: { name: "far/away:5" } });
  const { folder, key } = attempt.spec;
  obstacle = join(folder, "preparation.log");
  const errors: string[] = [];
  const exit = await until(async () => {
    await runner.launch(attempt.spec).catch((error: unknown) => errors.push(String(error)));
    const seen = await runner.observe(folder, key);
    if (seen.kind === "absent" && statSync(obstacle, { throwIfNoEntry: false })?.isDirectory())
      rmdirSync(obstacle);
    return seen.kind === "ended" && seen.exit;
  });
  expect(errors.join()).toContain("EISDIR");
  expect(exit).toMatchObject({ code: 0, startError: null });
});

test("while its image is built a run says at which step", { timeout }, async () => {
  const { client } = await openTestCore();
  const gate = Promise.withResolvers<void>();
  onTestFinished(() => gate.resolve());
  await startFakeDocker(socket, {
    onImage: async (tell) => {
      tell({ stream: "Step 2/5 : RUN pip install torch\n" });
      await gate.promise;
    },
  });
  const { run } = await client.runs.submit({ folder: boxed("{ build: . }") });
  const condition = await until(async () => {
    const said = (await client.runs.get({ run })).condition;
    return said !== null && /step/.test(said) && said;
  });
  expect(condition).toMatch(/^building the image gauntlet\/boxed:[0-9a-f]{16}: step 2 of 5$/);
  gate.resolve();
  await untilDone(client, [run]);
  expect(await client.runs.get({ run })).toMatchObject({ state: "succeeded", condition: null });
});

test(
  "a run that is stopped while Docker is away is cancelled once it is back",
  { timeout },
  async () => {
    const { client } = await openTestCore();
    const { run } = await client.runs.submit({ folder: boxed("some/image:1") });
    await until(async () => (await client.runs.get({ run })).condition !== null);
    await client.runs.stop({ run });
    await startFakeDocker(socket);
    await untilDone(client, [run]);
    expect(await client.runs.get({ run })).toMatchObject({ state: "cancelled", condition: null });
  },
);

test("readiness: an image is looked into for a shell once", { timeout }, async () => {
  const { client } = await openTestCore();
  await client.secrets.set({ name: "TOKEN", value: "a-value-of-a-secret" });
  const made: unknown[] = [];
  await startFakeDocker(socket, {
    images: [{ name: "some/image:1" }],
    left: ["gauntlet-doctor-of-a-killed-core"],
    onCreate: (settings) => made.push(settings),
  });
  const yaml = "image: some/image:1\nsecrets: { TOKEN: {} }\ntrain: { command: [x] }\n";
  const folder = folderWith({ "gauntlet.yaml": `name: boxed\n${yaml}` });
  const place = { id: imageId };
  for (let i = 0; i < 2; i++)
    expect(await client.experiments.readiness({ folder })).toMatchObject({ place, findings: [] });
  expect(made).toMatchObject([{ Cmd: ["/bin/sh"] }]);
  expect(await (await dockerClient()).listContainers({ all: true })).toEqual([]);
});

test("readiness: no engine, and then one without the image", { timeout }, async () => {
  const { client } = await openTestCore();
  const folder = boxed("some/image:1");
  expect(await client.experiments.readiness({ folder })).toEqual({
    place: {
      runner: "docker",
      image: "some/image:1",
      preparation: null,
      id: null,
      engine: null,
      network: false,
    },
    findings: [
      {
        state: "warning",
        code: "DOCKER_UNREACHABLE",
        message: "Docker does not answer.",
        hint: expect.stringContaining("Start Docker"),
      },
    ],
  });
  const close = await startFakeDocker(socket);
  expect(await client.experiments.readiness({ folder })).toMatchObject({
    place: { preparation: "fetch", engine: "27.1.0", id: null },
    findings: [
      {
        state: "note",
        code: null,
        message:
          "The image some/image:1 is not here yet: it is fetched before the first job starts.",
      },
    ],
  });
  expect(await client.experiments.readiness({ folder: boxed("{ build: . }") })).toMatchObject({
    place: { preparation: "build" },
    findings: [{ state: "note", message: expect.stringContaining("built from Dockerfile") }],
  });
  const lacking = boxed("{ build: box, dockerfile: Dockerfile.gpu }");
  expect(await client.experiments.readiness({ folder: lacking })).toMatchObject({
    findings: [
      {
        state: "failed",
        code: "IMAGE_BUILD_FAILED",
        message: expect.stringContaining("There is no box/Dockerfile.gpu among the code"),
      },
    ],
  });
  await close();
  await startFakeDocker(socket, { images: [{ name: "some/image:1" }] });
  expect(await client.experiments.readiness({ folder })).toMatchObject({
    place: { preparation: "none", id: imageId },
    findings: [],
  });
});

test(
  "an image that is built is known by the code, as a run will know it",
  { timeout },
  async () => {
    const { client } = await openTestCore();
    await startFakeDocker(socket);
    const folder = boxed("{ build: . }");
    const { place } = await client.experiments.readiness({ folder });
    const { run } = await client.runs.submit({ folder });
    await untilDone(client, [run]);
    const [attempt] = (await client.runs.get({ run })).attempts;
    expect(place).toMatchObject({ image: attempt?.container?.image, preparation: "build" });
    const after = await client.experiments.readiness({ folder });
    expect(after).toMatchObject({ place: { preparation: "none" }, findings: [] });
  },
);

test("an engine that refuses is told of in its own words", { timeout }, async () => {
  const { client } = await openTestCore();
  await startFakeDocker(socket, { broken: { status: 403, message: "authorization denied" } });
  const { run } = await client.runs.submit({ folder: boxed("some/image:1") });
  await until(async () => (await client.runs.get({ run })).condition !== null);
  expect(await client.runs.get({ run })).toMatchObject({
    condition: expect.stringContaining("authorization denied"),
  });
});

test.skipIf(!mayBecomeNobody)(
  "a run of a user without a right to the socket waits for it, in words",
  { timeout },
  async () => {
    const own = socketPath();
    await startFakeDocker(own, { images: [{ name: "some/image:1" }] });
    const data = folderOfNobody();
    const child = startAsNobody(["core"], data, own);
    onTestFinished(() => void child.kill());
    await once(child.stdout, "data");
    const { client, close } = await connectToCore(data);
    onTestFinished(close);
    const folder = boxed("some/image:1");
    chmodSync(folder, 0o755);
    const { run } = await client.runs.submit({ folder });
    const condition = await until(async () => (await client.runs.get({ run })).condition ?? false);
    expect(condition).toBe(
      "You may not speak to Docker. Add yourself to the docker group (sudo usermod -aG docker $USER) and log in again.",
    );
    expect(await client.runs.get({ run })).toMatchObject({ state: "running" });
    chmodSync(own, 0o666);
    await untilDone(client, [run]);
    expect(await client.runs.get({ run })).toMatchObject({ state: "succeeded", condition: null });
  },
);

test.each([
  ["makes a container", { images: [{ name: "some/image:1" }] }],
  ["fetches an image", {}],
])(
  "while Docker's disk is full as it %s, a run waits and says so",
  { timeout },
  async (_what, engine) => {
    const { client } = await openTestCore();
    const refuses = "write /var/lib/docker/tmp/1: no space left on device";
    const close = await startFakeDocker(socket, {
      ...engine,
      refuses,
      onImage: (tell) => Promise.resolve(tell({ error: refuses })),
    });
    const { run } = await client.runs.submit({ folder: boxed("some/image:1") });
    await until(async () => (await client.runs.get({ run })).condition?.includes("disk is full"));
    expect(await client.runs.get({ run })).toMatchObject({
      state: "running",
      condition: expect.stringMatching(/^Docker's disk is full\. docker system df shows/),
    });
    await close();
    await startFakeDocker(socket, { images: [{ name: "some/image:1" }] });
    await untilDone(client, [run]);
    expect(await client.runs.get({ run })).toMatchObject({ state: "succeeded", condition: null });
  },
);

test.each([
  [
    { runtimes: ["runc", "nvidia"], cdi: ["nvidia.com/gpu=0"] },
    { Driver: "nvidia", DeviceIDs: ["0"], Capabilities: [["gpu"]] },
  ],
  [
    { runtimes: ["runc"], cdi: ["nvidia.com/gpu=0", "nvidia.com/gpu=1"] },
    { Driver: "cdi", DeviceIDs: ["nvidia.com/gpu=0"] },
  ],
])("a GPU is asked for as the engine gives them: %j", { timeout }, async (engine, asked) => {
  pretendGpus();
  const { client } = await openTestCore();
  const made: unknown[] = [];
  const images = [{ name: "some/image:1" }];
  await startFakeDocker(socket, {
    ...engine,
    images,
    // Not those that look at what an image has inside.
    onCreate: (settings) =>
      JSON.stringify(settings).includes("gauntlet.job") && made.push(settings),
  });
  const folder = folderWith({
    "gauntlet.yaml":
      "name: gpu\nimage: some/image:1\ntrain: { command: [x], resources: { gpus: 1 } }\n",
  });
  const { run } = await client.runs.submit({ folder });
  await untilDone(client, [run]);
  expect(made).toMatchObject([{ HostConfig: { DeviceRequests: [asked] } }]);
});

test("readiness: GPUs, datasets and attacks that are not there", { timeout }, async () => {
  useNvidiaSmi("/dev/null/no-such-program");
  const { client } = await openTestCore();
  const folder = folderWith({
    "gauntlet.yaml": `name: wants
dataset: imagenet
train: { command: [x], resources: { gpus: 2 } }
model: { load: "model.py:load", input: { shape: [3, 8, 8] } }
evaluate: { attacks: [no-such-attack] }
`,
  });
  const { place, findings } = await client.experiments.readiness({ folder });
  expect(place).toEqual({ runner: "process" });
  expect(findings.map(({ state, code }) => `${state} ${code}`)).toEqual([
    "failed GPUS_LACKING",
    "failed DATASET_NOT_FOUND",
    "failed ATTACK_NOT_FOUND",
  ]);
  expect(findings[0]?.message).toBe(
    "train asks for 2 GPUs; this machine has none: no NVIDIA GPU answers (nvidia-smi).",
  );
  const alone = await client.experiments.readiness({ folder, evaluate: false });
  expect(alone.findings).toHaveLength(2);
  await expect(
    client.experiments.readiness({ folder, parameters: { lr: 1 } }),
  ).rejects.toMatchObject({ data: { code: "PARAMETER_UNKNOWN" } });
});

test("a note says which runs will have no score, for the active set has other attacks", async () => {
  const { client } = await openTestCore();
  const folder = folderWith({
    "gauntlet.yaml": `name: other
dataset: digits
train: { command: [node, train.mjs] }
model: { load: "model.mjs:load", input: { shape: [1, 28, 28] } }
evaluate: { attacks: PyTorch five }
`,
  });
  const notes = async () =>
    (await client.experiments.readiness({ folder })).findings
      .map(({ message }) => message)
      .filter((message) => message.includes("Scores"));
  expect(await notes()).toEqual([
    "Scores are made with the active set Digits five; 5 attacks of it will not be run here.",
  ]);
  await client.attacks.activate({ set: "PyTorch five" });
  expect(await notes()).toEqual([]);
});
