/**
 * Makes the desktop app's packages for this platform.
 *
 *   npm run package                 installers, in dist/installers
 *   npm run package -- --dir        the app unpacked, without installers
 *   npm run package -- --dir --electron FOLDER
 *                                   on an Electron that is on hand, instead of one that is fetched
 *
 * electron-builder stands in packaging/ with a lock file of its own, and is installed when it is
 * needed first.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const output = path.join(root, "dist", "package");
const packaging = path.join(root, "packaging");
const { values: options } = parseArgs({
  options: { dir: { type: "boolean" }, electron: { type: "string" } },
});

/** A step by this Node; its output is what the person sees. */
function run(script, args, cwd = root) {
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

/** The folders of the packages that the core needs, with theirs. */
function packagesOfCore() {
  const lock = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8"));
  return Object.entries(lock.packages)
    .filter(([key, { dev, devOptional }]) => key !== "" && !dev && !devOptional)
    .map(([key]) => key)
    .filter((key) => existsSync(path.join(root, key)));
}

/** Lays out the app's own archive, and beside it the core with its Node. */
function layOut() {
  rmSync(output, { recursive: true, force: true });
  const app = path.join(output, "app");
  const core = path.join(output, "gauntlet");
  const { name, version, description, license } = JSON.parse(
    readFileSync(path.join(root, "package.json"), "utf8"),
  );
  mkdirSync(path.join(app, "electron"), { recursive: true });
  for (const file of ["main.cjs", "host.cjs", "preload.cjs"])
    cpSync(path.join(root, "dist", "electron", file), path.join(app, "electron", file));
  const author = "Gauntlet <gauntlet@localhost>";
  const homepage = "https://localhost/gauntlet";
  writeFileSync(
    path.join(app, "package.json"),
    JSON.stringify({
      name,
      version,
      description,
      license,
      author,
      homepage,
      main: "electron/main.cjs",
    }),
  );
  const isShipped = (file) => !file.endsWith(".test.ts");
  for (const each of ["agent", "cli", "core", "resources", "shared", "package.json", "LICENSE"])
    cpSync(path.join(root, each), path.join(core, each), { recursive: true, filter: isShipped });
  cpSync(path.join(root, "dist", "renderer"), path.join(core, "dist", "renderer"), {
    recursive: true,
  });
  for (const each of packagesOfCore())
    cpSync(path.join(root, each), path.join(core, each), { recursive: true, dereference: true });
  const node = process.platform === "win32" ? "node.exe" : "node";
  const shipped = path.join(core, "node_modules", "node", "bin", node);
  mkdirSync(path.dirname(shipped), { recursive: true });
  cpSync(process.execPath, shipped, { dereference: true });
}

function installBuilder() {
  if (existsSync(path.join(packaging, "node_modules", "electron-builder"))) return;
  console.log("Installing electron-builder.");
  const windows = process.platform === "win32";
  execFileSync(
    windows ? "npm.cmd" : "npm",
    ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    // A .cmd file runs only in a shell; the arguments are constants of this script.
    { cwd: packaging, stdio: "inherit", shell: windows },
  );
}

for (const builder of ["build-renderer.mjs", "build-electron.mjs"])
  run(path.join(root, "scripts", builder), ["--if-needed"]);
layOut();
installBuilder();
const { version: electronVersion } = JSON.parse(
  readFileSync(path.join(root, "node_modules", "electron", "package.json"), "utf8"),
);
const version = options.electron
  ? readFileSync(path.join(options.electron, "version"), "utf8").trim().replace(/^v/, "")
  : electronVersion;
run(path.join(packaging, "node_modules", "electron-builder", "cli.js"), [
  "--config",
  path.join(root, "electron-builder.yml"),
  "--projectDir",
  root,
  "--publish",
  "never",
  `-c.electronVersion=${version}`,
  ...(options.electron ? [`-c.electronDist=${options.electron}`] : []),
  ...(options.dir ? ["--dir"] : []),
]);
