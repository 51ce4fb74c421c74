/**
 * The parts of the world outside that tests use and that a machine may lack. A test asks for one
 * with `part`, skips itself when it is not there and names it, as in
 *
 *   test.skipIf(!hasProgram("python3"))("a Python attack is run [python3]", ...)
 *
 * and tests/reporter.ts says at the end which parts were there. `.ci/run` brings up what it can.
 */
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

export type Part = {
  available: boolean;
  /** What it is, or why it is not there; for people. */
  reason: string;
  /** The program's path, the socket or the address; empty when not available. */
  at: string;
};

/** Has Node, a shell and the usual commands. */
export const nodeImage = process.env["GAUNTLET_TEST_NODE_IMAGE"] ?? "node:24-slim";
/** Has a shell and little more, so that it is fetched quickly. */
export const smallImage = process.env["GAUNTLET_TEST_SMALL_IMAGE"] ?? "testworld/busybox:1";
/** Has Python with torch, torchvision and foolbox. */
export const torchImage = process.env["GAUNTLET_TEST_TORCH_IMAGE"] ?? "testworld/torch:1";

const probes = {
  python3: () => program("python3", ["--version"]),
  bash: () => program("bash", ["--version"]),
  zsh: () => program("zsh", ["--version"]),
  fish: () => program("fish", ["--version"]),
  numpy: () => program("python3", ["-c", "import numpy; print('numpy', numpy.__version__)"]),
  torch: () =>
    program("python3", ["-c", "import foolbox, torch; print('torch', torch.__version__)"]),
  cc: () => program("cc", ["--version"]),
  "private mounts": () => program("unshare", ["-rm", "echo", "unshare -rm"]),
  mounts: () => mounts(),
  docker: () => socket("DOCKER_HOST", "unix:///var/run/docker.sock"),
  "docker with node": () => image(nodeImage),
  "docker with a small image": () => image(smallImage),
  "docker with torch": () => image(torchImage),
  "docker buildx": () => program("docker", ["buildx", "version"]),
  "nvidia-smi": () => {
    const pretend = process.env["TESTWORLD_NVIDIA_SMI"];
    const found = program(pretend ?? "nvidia-smi", ["-L"]);
    return pretend === undefined ? found : { ...found, reason: `pretend: ${found.reason}` };
  },
  kubernetes: () => variable("TESTWORLD_KUBE_CONTEXT"),
  "cloud storage emulator": () => variable("STORAGE_EMULATOR_HOST"),
  electron: () => variable("TESTWORLD_ELECTRON"),
  chromium: () => variable("TESTWORLD_CHROMIUM"),
} satisfies Record<string, () => Part>;

export type PartName = keyof typeof probes;

/** The variable in which tests/reporter.ts names the file that tells it which parts were asked for. */
export const partsFileVariable = "TEST_PARTS_FILE";

const known = new Map<PartName, Part>();

/** Looks for a part of this machine, once per test file. */
export function part(name: PartName): Part {
  const before = known.get(name);
  if (before) return before;
  const found = probes[name]();
  known.set(name, found);
  const file = process.env[partsFileVariable];
  if (file) appendFileSync(file, `${JSON.stringify({ name, ...found })}\n`);
  return found;
}

/** Whether a part is there, for `test.skipIf`. */
export function hasProgram(name: PartName): boolean {
  return part(name).available;
}

function program(command: string, args: string[]): Part {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    timeout: 20_000,
  });
  const [firstLine = ""] = `${stdout ?? ""}${stderr ?? ""}`.trim().split("\n");
  if (status === 0) return { available: true, reason: firstLine, at: command };
  return absent(error ? error.message : `${command} ended with ${status}: ${firstLine}`);
}

/** An image that the engine has already; tests fetch none. */
function image(name: string): Part {
  const found = program("docker", ["image", "inspect", "--format", "{{.Id}}", name]);
  return found.available ? { ...found, reason: name, at: name } : found;
}

/** Mounts that other processes see too, such as the Docker Engine. */
function mounts(): Part {
  const folder = mkdtempSync(join(tmpdir(), "gauntlet-mount-"));
  try {
    const mounted = program("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
    if (!mounted.available) return mounted;
    spawnSync("umount", [folder]);
    return { available: true, reason: "mount -t tmpfs", at: "mount" };
  } finally {
    rmdirSync(folder);
  }
}

function variable(name: string): Part {
  const value = process.env[name];
  return value ? { available: true, reason: value, at: value } : absent(`${name} is not set`);
}

function socket(name: string, standard: string): Part {
  const at = process.env[name] ?? standard;
  const isSocket = statSync(at.replace(/^unix:\/\//, ""), { throwIfNoEntry: false })?.isSocket();
  return isSocket ? { available: true, reason: at, at } : absent(`no socket at ${at}`);
}

function absent(reason: string): Part {
  return { available: false, reason, at: "" };
}
