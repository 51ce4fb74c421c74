import { homedir } from "node:os";
import { resolve } from "node:path";

/** The whole path of what a person typed; `~` is the home folder, for no shell has read it. */
export function typedPath(given: string): string {
  return resolve(given.replace(/^~(?=[\\/]|$)/, homedir()));
}
