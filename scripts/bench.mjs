/** Runs a benchmark of tests/benchmarks: `npm run bench NAME [-- --json]`; lists them without. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../tests/benchmarks", import.meta.url));
const [name = "", ...args] = process.argv.slice(2);
const file = path.join(folder, `${path.basename(name)}.ts`);
if (name === "" || !existsSync(file)) {
  const names = readdirSync(folder).map((entry) => path.basename(entry, ".ts"));
  console.log(`npm run bench NAME, one of: ${names.join(", ")}`);
  process.exitCode = name === "" ? 0 : 2;
} else {
  process.exitCode = spawnSync(process.execPath, [file, ...args], { stdio: "inherit" }).status ?? 1;
}
