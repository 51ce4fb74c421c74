import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

export type PageFile = {
  type: string;
  /** Its name changes with its content, so that a browser may keep it. */
  lasting: boolean;
  plain: Buffer;
  /** Null where it would be no smaller. */
  gzip: Buffer | null;
};

const types: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  png: "image/png",
  svg: "image/svg+xml",
  woff2: "font/woff2",
};

/**
 * The built pages by their path in an address; null when they were not built. All of them are read
 * here, and nothing later: no path can reach another file, and whoever has the pages open when
 * Gauntlet is updated goes on with those that fit this core.
 */
export function readPageFiles(folder: string): ((path: string) => PageFile | undefined) | null {
  const contents = new Map(filesUnder(folder));
  if (!contents.has("/index.html")) return null;
  const files = new Map<string, PageFile>();
  return (asked) => {
    const path = asked === "/" ? "/index.html" : asked;
    const plain = contents.get(path);
    if (!plain) return undefined;
    const file = files.get(path) ?? pageFile(path, plain);
    files.set(path, file);
    return file;
  };
}

/** Files under a folder by path, such as `/assets/app.js`. Node 16 of old Electrons runs it too. */
function filesUnder(folder: string): [path: string, content: Buffer][] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry): [string, Buffer][] => {
      if (entry.name.startsWith(".")) return [];
      const at = join(folder, entry.name);
      if (entry.isFile()) return [[`/${entry.name}`, readFileSync(at)]];
      if (!entry.isDirectory()) return [];
      return filesUnder(at).map(([path, content]) => [`/${entry.name}${path}`, content]);
    });
  } catch {
    return []; // no folder, or one that is being built: readPageFiles says so
  }
}

function pageFile(path: string, plain: Buffer): PageFile {
  const extension = path.slice(path.lastIndexOf(".") + 1);
  const isText = extension === "js" || extension === "css" || extension === "svg";
  return {
    type: types[extension] ?? "application/octet-stream",
    lasting: path.startsWith("/assets/"),
    plain,
    gzip: isText ? gzipSync(plain) : null,
  };
}
