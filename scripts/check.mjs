/**
 * All checks that need no test run: format, lint with type information, types per layer, dead
 * code, lock file, layers. Each says how much it looked at. Runs them all before it fails.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The file behind a package's command, so that no shell and no PATH is needed. */
function commandOf(name, command = name) {
  const folder = path.join(root, "node_modules", name);
  const { bin } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  return path.join(folder, typeof bin === "string" ? bin : bin[command]);
}

const checks = [
  ["format", [commandOf("oxfmt"), "--check", "."]],
  ["lint", [commandOf("oxlint"), "--type-aware"]],
  ["types", ["scripts/typecheck.mjs"]],
  ["dead code", [commandOf("knip")]],
  ["lock file", ["scripts/lockfile.mjs", "--check"]],
  ["layers", [commandOf("vitest"), "run", "tests/layers.test.ts"]],
];

const failed = [];
for (const [name, args] of checks) {
  const started = performance.now();
  process.stdout.write(`\n== ${name}\n`);
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`== ${name}: ${status === 0 ? "ok" : "FAILED"} in ${seconds} s\n`);
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) {
  process.stdout.write(`\nfailed: ${failed.join(", ")}\n`);
  process.exitCode = 1;
}
