import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Theme } from "../../shared/shell.ts";

/** What the app remembers of its window from one start to the next. */
export type Remembered = {
  /** Of the window that is not maximized; whoever reads them looks whether they still fit. */
  bounds?: unknown;
  isMaximized: boolean;
  theme: Theme;
  /** Whether somebody was told that jobs go on without a window. */
  hasToldOfJobs: boolean;
};

/** A small JSON file. One that cannot be read or written costs the memory, not the app. */
export function openMemory(file: string) {
  let known = read(file);
  return {
    get: (): Readonly<Remembered> => known,
    set(change: Partial<Remembered>): void {
      known = { ...known, ...change };
      try {
        writeFileSync(`${file}.new`, JSON.stringify(known), { mode: 0o600 });
        renameSync(`${file}.new`, file);
      } catch (error) {
        process.stderr.write(`gauntlet: ${file} cannot be written: ${String(error)}\n`);
      }
    },
  };
}
export type Memory = ReturnType<typeof openMemory>;

function read(file: string): Remembered {
  const saved = parse(file);
  const { theme } = saved;
  return {
    bounds: saved["bounds"],
    isMaximized: saved["isMaximized"] === true,
    theme: isTheme(theme) ? theme : "system",
    hasToldOfJobs: saved["hasToldOfJobs"] === true,
  };
}

export function isTheme(value: unknown): value is Theme {
  return value === "system" || value === "light" || value === "dark";
}

function parse(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {}; // the first start, or a file that a crash or a person broke
  }
}
