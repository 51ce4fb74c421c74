/**
 * The crash test with more kills, or from another seed:
 *
 *   npm run crash -- [--rounds 200] [--seed 1]
 */
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import process from "node:process";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "200" }, seed: { type: "string" } },
});
const { status } = spawnSync(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", "tests/crash/crash.test.ts"],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      GAUNTLET_CRASH_ROUNDS: values.rounds,
      GAUNTLET_CRASH_SEED: values.seed ?? String(randomInt(1_000_000)),
    },
  },
);
process.exitCode = status ?? 1;
