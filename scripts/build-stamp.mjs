/** What is built is built again only when what it is made from has changed. */
import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/**
 * Runs `build` and notes what it was made from; with --if-needed among the arguments it does nothing
 * when that is what is there already.
 * @param {{
 *   title: string,
 *   root: string,
 *   stamp: string,
 *   sources: string[],
 *   script: string,
 *   build: () => Promise<void>,
 * }} options `stamp`: the file of the note; `sources`: patterns under `root`; `script`: who builds
 */
export async function buildIfNeeded({ title, root, stamp, sources, script, build }) {
  const hash = sourceHash(root, sources, script);
  if (process.argv.includes("--if-needed") && readStamp(stamp) === hash) return;
  const started = performance.now();
  console.log(`Building ${title}.`);
  await build();
  if (process.exitCode) return;
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
  console.log(`Built in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
}

/** One hash of everything that something is made from. */
function sourceHash(root, sources, script) {
  const files = globSync(sources, { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name));
  const own = [path.join(root, "package-lock.json"), fileURLToPath(import.meta.url), script];
  const hash = createHash("sha256");
  for (const file of [...files.sort(), ...own]) {
    const content = readFileSync(file);
    hash.update(`${path.relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

function readStamp(stamp) {
  try {
    return readFileSync(stamp, "utf8");
  } catch {
    return null; // never built
  }
}
