/** A job has filled the disk: that is when stopping it must work. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { hasProgram } from "../parts.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const program = fileURLToPath(new URL("stop-on-full-disk.ts", import.meta.url));

test.skipIf(!hasProgram("private mounts"))(
  "a job that has filled the disk can be stopped [private mounts]",
  async () => {
    const args = ["-rm", process.execPath, program, temporaryFolder()];
    const { stdout } = await promisify(execFile)("unshare", args);
    expect(JSON.parse(stdout)).toEqual({
      condition: expect.stringContaining("disk is full"),
      cleared: true,
      stopped: 1,
      state: "cancelled",
      // Held again for the next time.
      reserved: 16,
    });
  },
);
