/** The disk fills up under a run: it waits, says so, and goes on. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { hasProgram } from "../parts.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const program = fileURLToPath(new URL("on-small-disk.ts", import.meta.url));

test.skipIf(!hasProgram("private mounts")).each([
  ["too little space for a result", 2 ** 20],
  ["not one byte left, not even for the catalog", 0],
])(
  "%s: the run says so, and ends well once there is space [private mounts]",
  async (_what, left) => {
    const args = ["-rm", process.execPath, program, temporaryFolder(), String(left)];
    const { stdout } = await promisify(execFile)("unshare", args);
    expect(JSON.parse(stdout)).toEqual({
      condition: expect.stringContaining("disk is full"),
      whileFull: "running",
      state: "succeeded",
      attempts: ["succeeded"],
      points: [1000],
      size: 4 * 2 ** 20,
      verifies: true,
    });
  },
);
