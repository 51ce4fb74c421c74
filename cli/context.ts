import { resolve } from "node:path";
import type { Command } from "commander";
import { defaultDataFolder, networkFileSystemOf } from "../core/platform/data-folder.ts";
import type { Session } from "./session.ts";

export type GlobalOptions = { data?: string; json?: boolean };

/** The data folder that a command works with. */
export function dataFolderOf(command: Command): string {
  const { data } = command.optsWithGlobals<GlobalOptions>();
  return data === undefined ? defaultDataFolder() : resolve(data);
}

export function wantsJson(command: Command): boolean {
  return command.optsWithGlobals<GlobalOptions>().json === true;
}

/** Opens the data folder for the time of `use`, and closes it whatever happens. */
export async function withSession<T>(
  command: Command,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const data = dataFolderOf(command);
  // Loads the whole core, which help and completion need not wait for.
  const { openSession } = await import("./session.ts");
  const session = await openSession(data);
  const network = networkFileSystemOf(data);
  if (network)
    process.stderr.write(
      `warning: ${data} is on a network file system (${network}), where SQLite's locks are not safe\n`,
    );
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}
