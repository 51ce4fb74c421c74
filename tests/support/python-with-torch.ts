/**
 * A `python3` with PyTorch and Foolbox: the machine's own, or one in Docker that stands first on PATH and
 * sees the same files, network and user, so that jobs do not notice.
 */
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { hasProgram, part } from "../parts.ts";

const repository = fileURLToPath(new URL("../../", import.meta.url));
/** What a job is told by its environment. */
const passedOn = [
  "CUDA_VISIBLE_DEVICES",
  "GAUNTLET_MODEL_PORT",
  "GAUNTLET_MODEL_TOKEN",
  "GAUNTLET_MODEL_URL",
  "GAUNTLET_RUN_DIR",
  "PYTHONDONTWRITEBYTECODE",
];

/** Whether there is one of the two. */
export function hasTorch(): boolean {
  return hasProgram("torch") || hasProgram("docker with torch");
}

/** Whether there is a Python with NumPy on the machine or in Docker. */
export function hasNumpy(): boolean {
  return hasProgram("numpy") || hasProgram("docker with torch");
}

/** The folder to put first on PATH; null where the machine's own python3 has what is needed. */
export function pythonFolder(needs: "torch" | "numpy"): string | null {
  if (hasProgram(needs)) return null;
  const folder = mkdtempSync(join(tmpdir(), "gauntlet-python-"));
  const file = join(folder, "python3");
  const mounts = [...new Set([tmpdir(), repository])].map(
    (path) => `-v ${shellWord(`${path}:${path}`)}`,
  );
  // --init: a signal reaches Python; another user than root: the kit needs no more.
  writeFileSync(
    file,
    `#!/bin/sh
exec docker run --rm -i --init --network host --user "$(id -u):$(id -g)" -e HOME=/nowhere -w "$PWD" \\
  ${mounts.join(" ")} ${passedOn.map((name) => `-e ${name}`).join(" ")} \\
  ${shellWord(part("docker with torch").at)} python3 "$@"
`,
  );
  chmodSync(file, 0o755);
  return folder;
}

/** The environment with that folder first on PATH. */
export function environmentWith(folder: string | null): NodeJS.ProcessEnv {
  const path = process.env["PATH"] ?? "";
  return {
    ...process.env,
    PYTHONDONTWRITEBYTECODE: "1",
    PATH: folder === null ? path : `${folder}${delimiter}${path}`,
  };
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
