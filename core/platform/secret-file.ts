/** Secrets in a file that its owner alone may read. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { GauntletError } from "../../shared/errors.ts";
import { type KeptSecrets, secretFileSchema } from "../../shared/schemas/secrets.ts";
import type { Clock, Seal, SecretStore } from "../domain/ports.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import { isErrno } from "./errno.ts";

/** More than this no file of ours has, bytes. */
const largestFile = 64 * 2 ** 20;
/** Read and write for the owner. */
const ownersMode = 0o600;
const othersRights = 0o077;

/**
 * A SecretStore in a file, mode 0600, that is replaced in one step. It is read anew each time, and
 * never when others could have read it too: a secret that leaked is one to change, not to use. Each
 * entry says whether it is sealed, so that files of the window and of the command line are the same.
 * @param seal null: values are kept as they are
 */
export function createSecretFile(path: string, clock: Clock, seal: Seal | null): SecretStore {
  /** One change at a time, for each begins with what the one before has left. */
  let last: Promise<unknown> = Promise.resolve();

  function change<T>(work: (kept: KeptSecrets) => T): Promise<T> {
    const changed = last.then(async () => {
      const kept = await readKept(path);
      const before = JSON.stringify(kept);
      const result = work(kept);
      if (JSON.stringify(kept) !== before) await write(kept);
      return result;
    });
    last = changed.catch(() => undefined);
    return changed;
  }

  async function write(secrets: KeptSecrets): Promise<void> {
    try {
      await writeFileAtomic(
        path,
        `${JSON.stringify({ schema: 1, secrets }, null, 2)}\n`,
        ownersMode,
      );
    } catch (cause) {
      if (isErrno(cause, "ENOSPC"))
        throw new GauntletError("DISK_FULL", `The disk of ${path} is full.`, { cause });
      throw cause;
    }
  }

  return {
    async list() {
      return Object.entries(await readKept(path))
        .map(([name, { setAt }]) => ({ name, setAt }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    async get(name) {
      const kept = await readKept(path);
      const entry = Object.hasOwn(kept, name) ? kept[name] : undefined;
      if (!entry) return null;
      if ("value" in entry) return entry.value;
      const value = seal?.open(entry.sealed, name) ?? null;
      if (value !== null) return value;
      throw new GauntletError("SECRET_SEALED", `The secret ${name} cannot be opened here.`);
    },
    set: (name, value) =>
      change((kept) => {
        const setAt = clock.now();
        kept[name] = seal ? { setAt, sealed: seal.close(value, name) } : { setAt, value };
      }),
    remove: (name) =>
      change((kept) => {
        if (!Object.hasOwn(kept, name)) return false;
        delete kept[name];
        return true;
      }),
  };
}

async function readKept(path: string): Promise<KeptSecrets> {
  let file: FileHandle;
  try {
    // A link could lead to a file of somebody else, and a pipe would be waited for.
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    file = await open(path, flags);
  } catch (cause) {
    if (isErrno(cause, "ENOENT")) return {};
    if (isErrno(cause)) throw unreadable(path, cause);
    throw cause;
  }
  try {
    const info = await file.stat();
    if (!info.isFile() || info.size > largestFile) throw unreadable(path);
    // Windows has no such rights: there the folder's own keep others out.
    const isOurs = !process.getuid || info.uid === process.getuid();
    if (process.platform !== "win32" && ((info.mode & othersRights) !== 0 || !isOurs))
      throw new GauntletError(
        "SECRETS_EXPOSED",
        `Others can read or write ${path}: it is not used.`,
      );
    const kept = parse(await file.readFile("utf8"));
    if (kept) return kept;
    throw unreadable(path);
  } finally {
    await file.close();
  }
}

/** Null for what is none of ours. A parser's own error would tell a piece of it. */
function parse(text: string): KeptSecrets | null {
  try {
    return secretFileSchema.safeParse(JSON.parse(text)).data?.secrets ?? null;
  } catch {
    return null;
  }
}

function unreadable(path: string, cause?: unknown): GauntletError {
  return new GauntletError(
    "SECRETS_UNREADABLE",
    `${path} is no file of secrets that can be read.`,
    {
      cause,
    },
  );
}
