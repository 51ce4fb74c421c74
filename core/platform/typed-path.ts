import { homedir } from "node:os";
import { isAbsolute, resolve } from "node:path";
import { GauntletError } from "../../shared/errors.ts";
import { excerpt } from "../../shared/visible.ts";

/**
 * The path that a person typed in a page. `~` is the home folder, for no shell has read it. Throws
 * PATH_NOT_ABSOLUTE: nobody sees which folder the core was started in.
 */
export function typedPath(given: string): string {
  const path = given.replace(/^~(?=[\\/]|$)/, homedir());
  if (!isAbsolute(path))
    throw new GauntletError(
      "PATH_NOT_ABSOLUTE",
      `${excerpt(given, 300)} is only a part of a path.`,
    );
  return resolve(path);
}
