/**
 * Builds the pages of the app to dist/renderer, and says how large they are.
 *
 *   node scripts/build-renderer.mjs [--if-needed]
 *
 * With --if-needed it does nothing where they are built from the sources as they are. Fails when
 * what a browser must load before it shows anything is larger than the limit.
 */
import { createHash } from "node:crypto";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));
const output = path.join(root, "dist", "renderer");
const stamp = path.join(output, ".built-from");
/** Of the scripts that the first page needs, compressed. */
const largestStart = 350_000;

/** One hash of everything that the pages are made from. */
function sourceHash() {
  const files = globSync(["renderer/**/*", "shared/**/*.ts", "resources/icons/*"], {
    cwd: root,
    withFileTypes: true,
  })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"))
    .map((entry) => path.join(entry.parentPath, entry.name));
  const own = [path.join(root, "package-lock.json"), fileURLToPath(import.meta.url)];
  const hash = createHash("sha256");
  for (const file of [...files.sort(), ...own]) {
    const content = readFileSync(file);
    hash.update(`${path.relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

function isBuilt(hash) {
  try {
    return readFileSync(stamp, "utf8") === hash;
  } catch {
    return false; // never built
  }
}

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

const hash = sourceHash();
if (!process.argv.includes("--if-needed") || !isBuilt(hash)) {
  const started = performance.now();
  console.log("Building the pages of the app.");
  await build();
  report();
  if (!process.exitCode) writeFileSync(stamp, hash);
  console.log(`Built in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
}
