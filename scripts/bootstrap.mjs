/**
 * From a clean clone to a running task, with nothing but the machine's own Node >= 18 and npm:
 *
 *   node scripts/bootstrap.mjs demo|test|start|build|package|screenshots|check|bench|crash [arguments of the task]
 *
 * It installs the packages when they are not those of package-lock.json, and runs the task on the
 * Node that the npm package `node` brings along.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  becomeNode,
  findNode,
  packagedNode,
  requiredMajor,
  runningMajor,
} from "../cli/node-24.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = path.join(root, "node_modules");
const stamp = path.join(modules, ".installed-from");

/** Arguments of Node, per task. */
const tasks = {
  demo: ["cli/gauntlet.mjs", "demo"],
  start: ["cli/gauntlet.mjs", "start"],
  test: ["node_modules/vitest/vitest.mjs", "run"],
  build: ["scripts/build-renderer.mjs"],
  package: ["scripts/package.mjs"],
  screenshots: ["scripts/screenshots.mjs"],
  check: ["scripts/check.mjs"],
  bench: ["scripts/bench.mjs"],
  crash: ["scripts/crash.mjs"],
};

class Stop extends Error {}

/** What node_modules must have been installed from: these locked versions, for this platform. */
function wanted() {
  const lock = readFileSync(path.join(root, "package-lock.json"));
  const hash = createHash("sha256").update(lock).digest("hex");
  return `${hash} ${process.platform}-${process.arch}\n`;
}

/** Why the packages must be installed, or undefined when they are in step. */
function whyInstall() {
  if (!existsSync(modules)) return "node_modules is not there yet";
  // The stamp is the last thing that an installation writes, so a killed one has none.
  if (!existsSync(stamp)) return "node_modules was not installed to the end by this script";
  if (readFileSync(stamp, "utf8") !== wanted()) return "package-lock.json or the platform changed";
  return undefined;
}

/** Returns the path of the Node to run on. */
function install(reason) {
  if (process.platform === "win32" && process.execPath.startsWith(modules))
    throw new Stop(
      `The packages must be installed anew (${reason}), but this script runs on a Node inside ` +
        "node_modules, which Windows does not let go of. Delete the folder node_modules and " +
        "repeat the command.",
    );
  process.stderr.write(`Installing the packages of package-lock.json: ${reason}.\n`);
  rmSync(stamp, { force: true });
  // Install scripts stay off: npm would compile better-sqlite3, which brings its binaries along.
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  const ci = npm(["ci", "--ignore-scripts", "--include=dev", "--include=optional", ...quiet]);
  if (ci.status !== 0) throw new Stop(`npm ci failed.\n${ci.output}`);
  const node = installNode(quiet);
  writeFileSync(stamp, wanted());
  return node;
}

/** The npm package `node` fetches the Node of this platform in its install script. */
function installNode(quiet) {
  let { output } = npm(["rebuild", "node", "--ignore-scripts=false", ...quiet]);
  if (!existsSync(packagedNode)) {
    // Some settings keep npm from running the script of any package: run it here.
    const script = spawnSync(process.execPath, ["installArchSpecificPackage.js"], {
      cwd: path.join(modules, "node"),
      encoding: "utf8",
    });
    output += outputOf(script);
    npm(["rebuild", "node", "--ignore-scripts", ...quiet]);
  }
  const node = findNode({ prefer: "packaged" });
  if (node !== undefined) return node;
  throw new Stop(
    `Gauntlet runs on Node ${requiredMajor}, this is ${process.version}, and the npm package ` +
      `node did not install one that runs here. Install Node ${requiredMajor} or newer and ` +
      `repeat the command.\n${output}`,
  );
}

/** Runs the npm that runs this script, else the one on PATH. */
function npm(args) {
  const { npm_execpath: cli = "", npm_node_execpath: node = process.execPath } = process.env;
  const options = { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 };
  const windows = process.platform === "win32";
  const result = /npm-cli\.c?js$/.test(cli)
    ? spawnSync(node, [cli, ...args], options)
    : // A .cmd file runs only in a shell; the arguments are constants of this script.
      spawnSync(windows ? "npm.cmd" : "npm", args, { ...options, shell: windows });
  return { status: result.status, output: outputOf(result) };
}

function outputOf({ stdout, stderr, error, signal }) {
  const parts = [stdout, stderr, error?.message, signal ? `It was ended by ${signal}.` : ""];
  return parts.filter(Boolean).join("");
}

function main() {
  const [name = "", ...args] = process.argv.slice(2);
  if (!Object.hasOwn(tasks, name))
    throw new Stop(`node scripts/bootstrap.mjs ${Object.keys(tasks).join("|")}`);
  const present = findNode({ prefer: "packaged" });
  const reason = whyInstall() ?? (present ? undefined : "the Node in node_modules does not run");
  const node = reason === undefined ? present : install(reason);
  const [script, ...own] = tasks[name];
  process.chdir(root);
  becomeNode(node, [script, ...own, ...args]);
}

if (runningMajor() < 18) {
  process.stderr.write(`This needs Node 18 or newer; this is ${process.version}.\n`);
  process.exitCode = 1;
} else {
  try {
    main();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
