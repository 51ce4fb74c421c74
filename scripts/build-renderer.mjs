/**
 * Builds the pages of the app to dist/renderer, and says how large they are.
 *
 *   node scripts/build-renderer.mjs [--if-needed]
 *
 * With --if-needed it does nothing where they are built from the sources as they are. Fails when
 * what a browser must load before it shows anything is larger than the limit.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { buildIfNeeded } from "./build-stamp.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const output = path.join(root, "dist", "renderer");
/** Of the scripts that the first page needs, compressed. */
const largestStart = 350_000;

async function build() {
  // Whoever calls may be in a test; what is built is for use.
  process.env.NODE_ENV = "production";
  const [{ build: bundle }, { default: react }] = await Promise.all([
    import("vite"),
    import("@vitejs/plugin-react"),
  ]);
  await bundle({
    root: path.join(root, "renderer"),
    configFile: false,
    base: "./",
    logLevel: "warn",
    plugins: [react()],
    build: {
      outDir: output,
      emptyOutDir: true,
      // The oldest that the tests drive, in Electron 22.
      target: "chrome108",
      // A data: address is another origin's file to the content-security policy of fonts.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      manifest: "manifest.json",
      license: false,
    },
  });
}

/** Bytes on the wire: compressed as the web server does it. */
function sizeOf(file) {
  return gzipSync(readFileSync(path.join(output, file))).length;
}

function report() {
  const manifest = JSON.parse(readFileSync(path.join(output, "manifest.json"), "utf8"));
  const first = new Set();
  const follow = (key) => {
    if (first.has(key)) return;
    first.add(key);
    for (const each of manifest[key].imports ?? []) follow(each);
  };
  follow("index.html");
  const chunks = Object.entries(manifest).filter(([, { file }]) => file.endsWith(".js"));
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1).padStart(7)} kB`;
  let start = 0;
  for (const [key, { file }] of chunks) {
    const size = sizeOf(file);
    if (first.has(key)) start += size;
    console.log(`${kilobytes(size)} ${first.has(key) ? "first" : "later"}  ${file}`);
  }
  console.log(`${kilobytes(start)} of JavaScript, compressed, before anything is shown`);
  if (start <= largestStart) return;
  console.error(`That is more than ${largestStart / 1000} kB.`);
  process.exitCode = 1;
}

await buildIfNeeded({
  title: "the pages of the app",
  root,
  stamp: path.join(output, ".built-from"),
  sources: ["renderer/**/*", "shared/**/*.ts", "resources/icons/*"],
  script: fileURLToPath(import.meta.url),
  async build() {
    await build();
    report();
  },
});
