/** `gauntlet serve` on a data folder, for benchmarks. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../cli/gauntlet.mjs", import.meta.url));

/**
 * Serves the folder. Resolves to the process, its link, how long that took in ms, and what ends it;
 * it ends with this program, too.
 */
export async function serveFolder(folder: string) {
  const started = performance.now();
  const child = spawn(process.execPath, [program, "serve", "--json", "--data", folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kill = () => child.kill();
  process.once("exit", kill);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    process.off("exit", kill);
    child.kill("SIGTERM");
    await ended;
  };
  let said = "";
  for await (const chunk of child.stdout) {
    said += String(chunk);
    const link = /"link": "([^"]+)"/.exec(said)?.[1];
    if (link) return { child, link, start: performance.now() - started, stop };
  }
  throw new Error("serve ended");
}
