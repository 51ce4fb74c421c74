/** Builds with secrets, by a stand-in for the docker command that notes what it is given. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { secretFolder } from "../secret-folder.ts";
import { buildWithSecrets } from "./build-secrets.ts";

const secret = { name: "HF_TOKEN", value: "hf_of-some-value" };
let context: string;
let noted: string;
let place: string;

beforeEach(() => {
  context = temporaryFolder();
  noted = join(temporaryFolder(), "arguments");
  place = secretFolder(join(context, "image"));
  writeFileSync(join(context, "Dockerfile"), "FROM scratch\n");
});

/** Puts a docker on PATH that has buildx, notes its arguments and the files, and then does `script`. */
function standIn(script: string): void {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, "docker"),
    `#!/bin/sh
[ "$2" = version ] && exit 0
printf '%s\\n' "$@" > ${noted}
stat -c '%a %U' ${place} ${place}/* >> ${noted}.modes
cat ${place}/HF_TOKEN > ${noted}.value
${script}
`,
  );
  chmodSync(join(folder, "docker"), 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"] ?? ""}`);
  onTestFinished(() => void vi.unstubAllEnvs());
}

async function build(signal = new AbortController().signal, onSay?: (line: string) => void) {
  const said: string[] = [];
  const doing: string[] = [];
  const args = { TORCH: "2.9 $(x)" };
  const image = { context, dockerfile: "Dockerfile", args, tag: "gauntlet/vq:1" };
  const listener = {
    say: (line: string) => {
      said.push(line);
      onSay?.(line);
    },
    doing: (text: string) => void doing.push(text),
  };
  const error = await buildWithSecrets(image, [secret], place, listener, signal).catch(
    (caught: unknown) => caught,
  );
  return { said, doing, error };
}

test("a secret is a file of the user's alone; arguments name it, output is without it", async () => {
  standIn(`echo "#5 [base 2/3] RUN pip install" >&2; echo "token is $(cat ${place}/HF_TOKEN)"`);
  const { said, doing, error } = await build();
  expect(error).toBeUndefined();
  expect(readFileSync(noted, "utf8").trim().split("\n")).toEqual([
    "buildx",
    "build",
    "--builder=default",
    "--load",
    "--progress=plain",
    "--tag",
    "gauntlet/vq:1",
    "--file",
    join(context, "Dockerfile"),
    "--build-arg",
    "TORCH=2.9 $(x)",
    "--secret",
    `id=HF_TOKEN,src=${place}/HF_TOKEN`,
    context,
  ]);
  const modes = readFileSync(`${noted}.modes`, "utf8").trim().split("\n");
  expect(modes.map((line) => line.split(" ")[0])).toEqual(["700", "400"]);
  expect(readFileSync(`${noted}.value`, "utf8")).toBe(secret.value);
  expect(existsSync(place)).toBe(false);
  expect(said[0]).toBe("Building gauntlet/vq:1");
  expect(said).toContain("token is ***");
  expect(doing).toContain("building the image gauntlet/vq:1: step 2 of 3");
});

test("a build that fails tells its last words without the secret, and leaves no file", async () => {
  standIn(`echo "ERROR: failed with $(cat ${place}/HF_TOKEN)" >&2; echo "Use --debug"; exit 1`);
  const { error } = await build();
  expect(error).toMatchObject({
    code: "IMAGE_BUILD_FAILED",
    details: expect.stringContaining("***"),
  });
  expect(existsSync(place)).toBe(false);
});

test("Docker's full disk says nothing of the build", async () => {
  const words = "failed to solve: write /var/lib/docker/x: no space left on device";
  standIn(`echo "ERROR: ${words}" >&2; exit 1`);
  expect((await build()).error).toMatchObject({
    code: "DOCKER_DISK_FULL",
    details: `ERROR: ${words}`,
  });
});

test("a build that is ended in the middle is killed with what it started, and leaves no file", async () => {
  standIn(`echo "#5 [2/3] RUN sleep" ; (sleep 300; echo late) & echo $! > ${noted}.child; wait`);
  const abort = new AbortController();
  const ended = build(abort.signal);
  await expect.poll(() => existsSync(`${noted}.child`)).toBe(true);
  abort.abort(new Error("stopped"));
  const { error } = await ended;
  expect(error).toMatchObject({ message: "stopped" });
  expect(existsSync(place)).toBe(false);
  const child = Number(readFileSync(`${noted}.child`, "utf8"));
  // Dead, though nobody may have asked yet how it ended.
  await expect
    .poll(() => (existsSync(`/proc/${child}/stat`) ? stateOf(child) : "gone"))
    .toMatch(/^(Z|gone)$/);
});

test("a build whose output cannot be noted is ended, and that is why it failed", async () => {
  standIn(`echo "#5 [2/3] RUN sleep"; sleep 300`);
  const { error, said } = await build(undefined, (line) => {
    if (line.startsWith("#5")) throw new Error("the disk is full");
  });
  expect(error).toMatchObject({ message: "the disk is full" });
  expect(said).toHaveLength(2);
  expect(existsSync(place)).toBe(false);
});

function stateOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0] ?? "";
}

test("without buildx it is refused, and nothing is written", async () => {
  vi.stubEnv("PATH", temporaryFolder());
  onTestFinished(() => void vi.unstubAllEnvs());
  const { error, said } = await build();
  expect(error).toMatchObject({
    code: "IMAGE_BUILD_NEEDS_BUILDX",
    message:
      "The build of gauntlet/vq:1 is given secrets, which needs docker buildx; it is not here.",
    hint: expect.stringContaining("docker-buildx-plugin"),
  });
  expect(said).toEqual([]);
  expect(existsSync(place)).toBe(false);
});
