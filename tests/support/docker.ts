/** The docker command, as a person would use it. */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/** What `docker` with these arguments prints, without the white space around it. */
export async function docker(...args: string[]): Promise<string> {
  return (await promisify(execFile)("docker", args)).stdout.trim();
}

/** Removes images of a test, once nothing looks any more at what they have inside. */
export async function removeImages(...images: string[]): Promise<void> {
  for (const image of images)
    for (let tried = 0; ; tried++) {
      try {
        await docker("rmi", image);
        break;
      } catch (error) {
        if (tried === 100) throw error;
        await sleep(200);
      }
    }
}
