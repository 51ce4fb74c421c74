/** The disk fills up under a run that goes on: whoever watches it is told, and told when it is over. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { hasProgram } from "../parts.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const program = fileURLToPath(new URL("follow-on-full-disk.ts", import.meta.url));

test.skipIf(!hasProgram("private mounts"))(
  "a full disk shows in what is followed, and vanishes once there is space [private mounts]",
  async ({ signal }) => {
    const args = ["-rm", process.execPath, program, temporaryFolder()];
    const { stdout } = await promisify(execFile)("unshare", args, {
      signal,
      killSignal: "SIGKILL",
    });
    const lines = JSON.parse(stdout) as string[];
    const full =
      "train running  the disk is full; results wait in the run folder until there is space";
    expect(lines[lines.lastIndexOf(full) + 1]).toBe("train running");
    expect(lines).toContain(full);
    expect(lines.at(-1)).toBe("succeeded");
  },
);
