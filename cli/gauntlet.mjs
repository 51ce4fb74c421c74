#!/usr/bin/env node
/**
 * The `gauntlet` command: finds a Node that is new enough and starts cli/main.ts on it. Plain
 * JavaScript that Node 18 can read.
 */
import module from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { becomeNode, findNode, requiredMajor } from "./node-24.mjs";

const node = findNode({ prefer: "running" });
if (node === undefined) {
  process.stderr.write(
    `Gauntlet needs Node ${requiredMajor} or newer; this is ${process.version}.\n` +
      "  npm test or npm run demo in Gauntlet's folder installs one there.\n",
  );
  process.exitCode = 6;
} else if (node === process.execPath) {
  // Stripped types and compiled code are kept: starting takes less than half the time. Threads know
  // of the folder by the variable; without it each strips types by itself, which costs 13 MB.
  const cache = fileURLToPath(new URL("../node_modules/.cache/compile", import.meta.url));
  process.env.NODE_COMPILE_CACHE ??= cache;
  module.enableCompileCache(cache);
  await import("./main.ts");
} else {
  becomeNode(node, [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
}
