import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { makeAttempt } from "../../../tests/contract/runner-suite.ts";
import { fixedSocket, imageId, startFakeDocker } from "../../../tests/support/fake-docker.ts";
import { dockerClient } from "../../platform/docker/client.ts";
import { installationFolder } from "../../platform/installation.ts";
import { attemptFiles } from "./attempt.ts";
import { imageContents } from "./contents.ts";
import { createDockerRunner } from "./runner.ts";

// The client of this process asks at one place all the time.
const socket = fixedSocket();
process.env["DOCKER_HOST"] = `unix://${socket}`;

const never = () => new Promise<void>(() => undefined);

test("who ends is kept by no engine that hangs, and no image that does not end", async () => {
  let step = "";
  let abort = new AbortController();
  const at = (asked: string) => {
    if (step !== asked) return Promise.resolve();
    abort.abort(new Error("closed"));
    return never();
  };
  await startFakeDocker(socket, {
    onCreate: () => void at("create"),
    onWait: () => at("wait"),
    onLog: () => at("log"),
  });
  const docker = await dockerClient();
  for (step of ["create", "wait", "log"]) {
    abort = new AbortController();
    await expect(imageContents(docker, imageId, "test", abort.signal)).rejects.toThrow("closed");
    expect(await docker.listContainers({ all: true })).toEqual([]);
  }
});

test("what a core has left that was killed is removed by the next one, others' is not", async () => {
  const left = ["gauntlet-contents-test-1", "gauntlet-contents-test-2"];
  const others = ["gauntlet-contents-tester-1", "gauntlet-job-1"];
  await startFakeDocker(socket, { left: [...left, ...others] });
  const runner = createDockerRunner({
    installation: installationFolder,
    owner: "test",
    secrets: { get: async () => null },
  });
  const docker = await dockerClient();
  const names = async () => (await docker.listContainers({ all: true })).map(({ Id }) => Id);
  const attempt = await makeAttempt(runner, ["x"], { image: { name: "some/image:1" } });
  await expect.poll(names).toEqual([...left, ...others]);
  writeFileSync(attemptFiles(attempt.spec.folder).launch, "");
  await runner.observe(attempt.spec.folder, attempt.spec.key);
  await expect.poll(names).toEqual(others);
});
