import { type Shell, shellName } from "../../shared/shell.ts";

/** The desktop window around this page; null in a browser. */
export const shell: Shell | null =
  (window as unknown as Partial<Record<typeof shellName, Shell>>)[shellName] ?? null;
