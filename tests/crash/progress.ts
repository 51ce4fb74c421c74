/**
 * Where a sweep is, seen from outside and without opening its catalog: kills are timed by what has
 * happened, so that they fall between the same steps on a fast machine and on a slow one.
 */
import { statSync } from "node:fs";
import { basename, join } from "node:path";
import { journalSize } from "./journal.ts";
import { attemptFolders, entriesOf } from "./victims.ts";
import type { World } from "./world.ts";

/**
 * What kills wait for: the steps of an attempt, as the names of the files that come or go with them,
 * a commit of the catalog, a file on its way into the store, a word of a job.
 */
export const steps = [
  "launch.json",
  "supervisor.json",
  "code",
  "exit.json",
  "gone launch.json",
  "commit",
  "artifact",
  "journal",
] as const;

export type Progress = {
  /** Changes seen since the world began. */
  count: number;
  /** What has changed since the last look. */
  fresh: ReadonlySet<string>;
};

/** Returns what looks at a world anew. */
export function createProgress(world: World): () => Progress {
  let before = new Set<string>();
  let count = 0;
  return () => {
    const now = signsOf(world);
    const came = [...now].filter((sign) => !before.has(sign)).map(kindOf);
    const went = [...before].filter((sign) => !now.has(sign)).map((sign) => `gone ${kindOf(sign)}`);
    before = now;
    count += came.length + went.length;
    return { count, fresh: new Set([...came, ...went]) };
  };
}

function signsOf({ data, journal }: World): Set<string> {
  const signs = [`journal:${String(journalSize(journal))}`];
  const wal = statSync(join(data, "catalog.sqlite-wal"), { throwIfNoEntry: false });
  if (wal) signs.push(`commit:${String(wal.size)} ${String(wal.mtimeMs)}`);
  for (const folder of attemptFolders(data))
    for (const name of [...entriesOf(folder), ...entriesOf(join(folder, "run", "in"))])
      signs.push(join(folder, name));
  for (const name of entriesOf(join(data, "artifacts", "tmp"))) signs.push(`artifact:${name}`);
  return new Set(signs);
}

function kindOf(sign: string): string {
  return sign.startsWith("/") ? basename(sign) : sign.slice(0, sign.indexOf(":"));
}
