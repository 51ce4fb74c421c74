/**
 * Keeps package-lock.json usable on every platform.
 *
 *   node scripts/lockfile.mjs            adds what is missing
 *   node scripts/lockfile.mjs --check    only looks; exit status 1 when something is missing
 *
 * Tools with native parts name one optional package per platform. When the registry in use does
 * not offer the packages of other platforms, npm leaves them out of the lock file, and from then on
 * `npm ci` refuses the lock file on every platform ("Missing: ... from lock file"). An entry with
 * name, exact version and platform is enough for `npm ci` to accept it and to skip it elsewhere.
 */
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const lockPath = fileURLToPath(new URL("../package-lock.json", import.meta.url));

/** The entry that `name` resolves to from the package at `from`, as Node resolves it. */
function resolveEntry(packages, from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("node_modules/") - 1))) {
    const key = `${at === "" ? "" : `${at}/`}node_modules/${name}`;
    if (packages[key] !== undefined) return packages[key];
    if (at === "") return undefined;
  }
}

/**
 * What the name of a platform package says, such as `binding-linux-arm64-musl`.
 * @returns {{ os: string[], cpu: string[], libc?: string[] } | undefined}
 */
function platformOf(name) {
  const found =
    /[/-](aix|android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|ppc64|riscv64|s390x|x64)(?:-(\w+))?$/.exec(
      name,
    );
  if (found === null) return undefined;
  const [, os, cpu, abi] = found;
  if (os !== "linux" || abi === undefined) return { cpu: [cpu], os: [os] };
  return { cpu: [cpu], libc: [abi.startsWith("musl") ? "musl" : "glibc"], os: [os] };
}

function missingPlatformPackages(packages) {
  const missing = [];
  for (const [key, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const platform = platformOf(name);
      // Platform packages are named with exact versions: another version does not count.
      if (platform === undefined || resolveEntry(packages, key, name)?.version === version)
        continue;
      const parent = key.slice(0, Math.max(0, key.lastIndexOf("node_modules/")));
      const { cpu, libc, os } = platform;
      // In npm's own order of fields, so that npm does not reorder them; JSON drops undefined.
      const added = { version, cpu, dev: entry.dev, libc, optional: true, os };
      missing.push([`${parent}node_modules/${name}`, added]);
    }
  }
  return missing;
}

const lock = JSON.parse(readFileSync(lockPath, "utf8"));
const missing = missingPlatformPackages(lock.packages);
const total = Object.keys(lock.packages).length - 1;
if (process.argv.includes("--check")) {
  console.log(`lockfile: ${total} packages, ${missing.length} platform packages missing`);
  if (missing.length > 0) {
    console.error(`  ${JSON.stringify(missing.map(([key]) => key))}`);
    console.error("  node scripts/lockfile.mjs adds them.");
    process.exitCode = 1;
  }
} else if (missing.length > 0) {
  const entries = [...Object.entries(lock.packages), ...missing];
  entries.sort(([left], [right]) => left.localeCompare(right, "en"));
  lock.packages = Object.fromEntries(entries);
  writeFileSync(lockPath, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`lockfile: added ${missing.length} platform packages to ${total}`);
}
