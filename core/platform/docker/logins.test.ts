import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { loginFor, registryOf } from "./logins.ts";

/** Nobody ends it. */
const never = new AbortController().signal;

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** A folder of the docker command's settings. */
function settings(config: object | string): string {
  const folder = temporaryFolder();
  const text = typeof config === "string" ? config : JSON.stringify(config);
  writeFileSync(join(folder, "config.json"), text);
  return folder;
}

/** A program on PATH that keeps logins. */
function helper(name: string, script: string): void {
  const folder = temporaryFolder();
  const program = join(folder, `docker-credential-${name}`);
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"] ?? ""}`);
  onTestFinished(() => void vi.unstubAllEnvs());
}

test.each([
  ["node:24", "docker.io"],
  ["pytorch/pytorch:2.9.0", "docker.io"],
  ["ghcr.io/lab/vq@sha256:1", "ghcr.io"],
  ["localhost/vq", "localhost"],
  ["lab:5000/vq:1", "lab:5000"],
])("%s is of %s", (image, registry) => {
  expect(registryOf(image)).toBe(registry);
});

test("what docker login wrote into its settings", async () => {
  const folder = settings({
    auths: {
      "https://index.docker.io/v1/": { auth: base64("ann:p:w") },
      "ghcr.io": { identitytoken: "t" },
      broken: { auth: "%" },
    },
  });
  expect(await loginFor("node:24", never, folder)).toEqual({
    serveraddress: "https://index.docker.io/v1/",
    username: "ann",
    password: "p:w",
  });
  expect(await loginFor("ghcr.io/a/b", never, folder)).toEqual({
    serveraddress: "ghcr.io",
    identitytoken: "t",
  });
  expect(await loginFor("quay.io/a/b", never, folder)).toBeNull();
});

test("what a helper keeps; one that fails or is no name leaves the settings", async () => {
  helper(
    "desk",
    `read server; echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"of $server\\"}"`,
  );
  helper("fails", "exit 1");
  expect(await loginFor("ghcr.io/a/b", never, settings({ credsStore: "desk" }))).toEqual({
    serveraddress: "ghcr.io",
    identitytoken: "of ghcr.io",
  });
  const auths = { "ghcr.io": { auth: base64("ann:pw") } };
  for (const name of ["fails", "is-not-there", "../../bin/desk"])
    expect(
      await loginFor("ghcr.io/a/b", never, settings({ credHelpers: { "ghcr.io": name }, auths })),
    ).toMatchObject({ username: "ann" });
});

test("a helper that hangs ends with the signal, whatever it does when it is asked to end", async () => {
  const place = join(temporaryFolder(), "pid");
  helper(
    "hangs",
    `trap "" TERM; echo $$ > ${place}.new; mv ${place}.new ${place}; sleep 20; sleep 20`,
  );
  const abort = new AbortController();
  const folder = settings({ credsStore: "hangs" });
  const login = loginFor("ghcr.io/a/b", abort.signal, folder);
  await expect.poll(() => existsSync(place)).toBe(true);
  const pid = Number(readFileSync(place, "utf8"));
  abort.abort(new Error("stopped"));
  expect(await login).toBeNull();
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test("a helper that leaves a program behind which keeps its output open is not waited for", async () => {
  helper("leaves", `sleep 20 & echo '{"Username":"ann","Secret":"pw"}'`);
  const login = await loginFor("ghcr.io/a/b", never, settings({ credsStore: "leaves" }));
  expect(login).toMatchObject({ username: "ann", password: "pw" });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("settings that are not there or make no sense are none", async () => {
  for (const folder of [temporaryFolder(), settings("{"), settings({ auths: 3 })])
    expect(await loginFor("ghcr.io/a/b", never, folder)).toBeNull();
});
