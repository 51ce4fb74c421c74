/**
 * Builds the processes of the desktop window to dist/electron: main.cjs, host.cjs, preload.cjs.
 *
 *   node scripts/build-electron.mjs [--if-needed]
 *
 * CommonJS, because sandboxed preloads know nothing else, in the syntax of the oldest Electron that
 * the tests drive (22, Node 16).
 */
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { buildIfNeeded } from "./build-stamp.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const output = path.join(root, "dist", "electron");

async function build() {
  process.env.NODE_ENV = "production";
  const { build: bundle } = await import("vite");
  const { builtinModules } = await import("node:module");
  const builtin = builtinModules.flatMap((name) => [name, `node:${name}`]);
  for (const name of ["main", "host", "preload"])
    await bundle({
      root,
      configFile: false,
      logLevel: "warn",
      publicDir: false,
      // The host brings its packages along: nothing of node_modules stands beside it in a package.
      ssr: { noExternal: true },
      build: {
        ssr: true,
        outDir: output,
        emptyOutDir: false,
        target: "node16",
        minify: false,
        rollupOptions: {
          input: { [name]: path.join(root, "electron", name, `${name}.ts`) },
          external: ["electron", "bufferutil", "utf-8-validate", ...builtin],
          output: { format: "cjs", entryFileNames: "[name].cjs", codeSplitting: false },
        },
      },
    });
}

await buildIfNeeded({
  title: "the desktop window",
  root,
  stamp: path.join(output, ".built-from"),
  sources: ["electron/**/*.ts", "shared/**/*.ts", "core/**/*.ts"],
  script: fileURLToPath(import.meta.url),
  build,
});
