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
 * The built pages by their path in an address. Only files that are there when it is called can
 * ever be asked for, whatever a path says; a file is read when it is first wanted. Null when the
 * pages were not built.
 */
export function listPageFiles(folder: string): ((path: string) => PageFile | undefined) | null {
  const known = new Set(filesUnder(folder));
  if (!known.has("/index.html")) return null;
  const read = new Map<string, PageFile>();
  return (asked) => {
    const path = asked === "/" ? "/index.html" : asked;
    if (!known.has(path)) return undefined;
    const file = read.get(path) ?? readFile(folder, path);
    read.set(path, file);
    return file;
  };
}

/** Paths of the files under a folder, such as `/assets/app.js`. Node 16 of old Electrons runs it too. */
function filesUnder(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      if (entry.name.startsWith(".")) return [];
      if (entry.isFile()) return [`/${entry.name}`];
      if (!entry.isDirectory()) return [];
      return filesUnder(join(folder, entry.name)).map((path) => `/${entry.name}${path}`);
    });
  } catch {
    return []; // no folder: listPageFiles says so
  }
}

function readFile(folder: string, path: string): PageFile {
  const plain = readFileSync(join(folder, path));
  const extension = path.slice(path.lastIndexOf(".") + 1);
  const isText = extension === "js" || extension === "css" || extension === "svg";
  return {
    type: types[extension] ?? "application/octet-stream",
    lasting: path.startsWith("/assets/"),
    plain,
    gzip: isText ? gzipSync(plain) : null,
  };
}
