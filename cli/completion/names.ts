import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { socketPath } from "../../core/api/socket-path.ts";
import type { NameKind } from "../../shared/views.ts";

/** At most so many names are offered. */
const limit = 200;
/** How long a core that listens may take, ms, before the catalog itself is read. */
const patience = 2000;

/**
 * Names of a data folder that begin with `prefix`: from the core that owns it, or else from the
 * catalog, which is only read. Nothing is started, made or locked. Throws what the catalog throws
 * when it cannot be read.
 */
export async function catalogNames(
  data: string,
  kind: NameKind,
  prefix: string,
): Promise<string[]> {
  const socketMayBeThere = process.platform === "win32" || existsSync(socketPath(data));
  const answered = socketMayBeThere ? await askCore(data, kind, prefix) : undefined;
  if (answered) return answered;
  // Imported where they are needed: a shell waits for this at every press of the key.
  const { readNames } = await import("../../core/services/names.ts");
  return readNames(data, kind, { prefix, limit });
}

async function askCore(
  data: string,
  kind: NameKind,
  prefix: string,
): Promise<string[] | undefined> {
  const { connectToCore } = await import("../../core/api/socket-client.ts");
  const ask = async () => {
    const { client, close } = await connectToCore(data);
    try {
      return await client.system.names({ kind, prefix, limit });
    } finally {
      close();
    }
  };
  // A dead core's socket, an older core without this call and a busy one are the same here.
  return Promise.race([ask().catch(() => undefined), sleep(patience, undefined, { ref: false })]);
}
