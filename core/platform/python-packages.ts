/** What Python tells of itself and of its packages, on this machine and in images. */
import type { ImageContents } from "../domain/ports.ts";

/**
 * Prints one line of JSON, by the standard library alone and on Python 3.4 or later: packages that
 * pip knows, those that only conda knows, and the CUDA that PyTorch was built for, or else the
 * image's. Nothing of the packages is run.
 */
export const packagesScript = `
import glob, json, os, re, sys
packages = {}
def add(name, version):
    if name and version:
        packages.setdefault(str(name), str(version))
try:
    from importlib import metadata
    for found in metadata.distributions():
        try:
            add(found.metadata["Name"], found.version)
        except Exception:
            pass
except ImportError:
    for folder in sys.path:
        for path in glob.glob(os.path.join(folder or ".", "*-info")):
            found = re.match(r"(.+?)-([^-]+)(-py[0-9.]+)?[.](dist|egg)-info$", os.path.basename(path))
            if found:
                add(found.group(1), found.group(2))
for path in glob.glob(os.path.join(sys.prefix, "conda-meta", "*.json")):
    found = re.match(r"(.+)-([^-]+)-[^-]+[.]json$", os.path.basename(path))
    if found:
        add(found.group(1), found.group(2))
cuda = None
for folder in sys.path:
    try:
        with open(os.path.join(folder, "torch", "version.py")) as file:
            found = re.search(r"^cuda[^=\\n]*= *['\\"]([0-9.]+)", file.read(), re.M)
            cuda = found.group(1) if found else None
            break
    except (IOError, OSError, ValueError):
        pass
cuda = cuda or os.environ.get("CUDA_VERSION")
print(json.dumps({"runtime": "Python " + sys.version.split()[0], "cuda": cuda, "packages": packages}))
`;

const mostPackages = 20_000;
const longestText = 200;

/** What the script printed; null for anything else, which an image may print as it likes. */
export function readPackages(text: string): ImageContents | null {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof told !== "object" || told === null) return null;
  const { runtime, cuda, packages } = told as Record<string, unknown>;
  if (!isShort(runtime) || typeof packages !== "object" || packages === null) return null;
  const known = Object.entries(packages).filter(
    (entry): entry is [string, string] => isShort(entry[0]) && isShort(entry[1]),
  );
  return {
    runtime,
    cuda: isShort(cuda) ? cuda : null,
    packages: Object.fromEntries(
      known.slice(0, mostPackages).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
    ),
  };
}

function isShort(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= longestText;
}
