/**
 * Where a sweep is, seen from outside and without opening its catalog: kills are timed by what has
 * happened, so that they fall between the same steps on a fast machine and on a slow one.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { journalSize } from "./journal.ts";
import { attemptFolders, entriesOf } from "./victims.ts";
import type { World } from "./world.ts";

/** Returns what counts the changes seen since the world began; each call looks once. */
export function createProgress(world: World): () => number {
  let before = new Set<string>();
  let count = 0;
  return () => {
    const now = signsOf(world);
    for (const sign of now) if (!before.has(sign)) count++;
    // What goes away is a step as well: a folder that is removed, a stored temporary file.
    for (const sign of before) if (!now.has(sign)) count++;
    before = now;
    return count;
  };
}

function signsOf({ data, journal }: World): Set<string> {
  const signs = [`journal ${String(journalSize(journal))}`];
  const wal = statSync(join(data, "catalog.sqlite-wal"), { throwIfNoEntry: false });
  if (wal) signs.push(`commit ${String(wal.size)} ${String(wal.mtimeMs)}`);
  for (const folder of attemptFolders(data))
    for (const name of [...entriesOf(folder), ...entriesOf(join(folder, "run", "in"))])
      signs.push(`${folder} ${name}`);
  for (const name of entriesOf(join(data, "artifacts", "tmp"))) signs.push(`artifact ${name}`);
  return new Set(signs);
}
