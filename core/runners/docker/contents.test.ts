import { expect, test } from "vitest";
import { fixedSocket, imageId, startFakeDocker } from "../../../tests/support/fake-docker.ts";
import { dockerClient } from "../../platform/docker/client.ts";
import { imageContents } from "./contents.ts";
import { inspectIfThere } from "./watch.ts";

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
    const name = `gauntlet-contents-test-${step}`;
    await expect(imageContents(docker, imageId, name, abort.signal)).rejects.toThrow("closed");
    expect(await inspectIfThere(docker.getContainer(name))).toBeNull();
  }
});
