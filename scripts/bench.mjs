/**
 * Runs benchmarks of tests/benchmarks: `npm run bench` all of them, `npm run bench NAME` one. Each
 * prints a table, or JSON with `-- --json`, and leaves bench-results/NAME.json.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../tests/benchmarks", import.meta.url));
const names = readdirSync(folder).map((entry) => path.basename(entry, ".ts"));
const [first, ...rest] = process.argv.slice(2);
const isName = first !== undefined && !first.startsWith("-");
const chosen = isName ? [first] : names;
const args = isName || first === undefined ? rest : [first, ...rest];

for (const name of chosen) {
  const file = path.join(folder, `${name}.ts`);
  if (!names.includes(name) || !existsSync(file)) {
    process.stderr.write(`There is no benchmark ${name}. There are: ${names.join(", ")}.\n`);
    process.exitCode = 2;
    continue;
  }
  const { status } = spawnSync(process.execPath, ["--expose-gc", file, ...args], {
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
