import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Builds what the app's tests open, once and before all of them: two builds at once would race. */
export function setup(): void {
  for (const name of ["build-renderer.mjs", "build-electron.mjs"])
    execFileSync(
      process.execPath,
      [fileURLToPath(new URL(`../scripts/${name}`, import.meta.url)), "--if-needed"],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
}
