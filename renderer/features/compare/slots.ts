/** Which colour each compared run has: it keeps it while others come and go. */
import { useState } from "react";

/** The slot of each id: as before where it had one, else the lowest that is free. */
export function slotsFor(
  ids: readonly string[],
  before: ReadonlyMap<string, number>,
): Map<string, number> {
  const kept = new Map(
    ids.flatMap((id): [string, number][] => {
      const slot = before.get(id);
      return slot === undefined ? [] : [[id, slot]];
    }),
  );
  const taken = new Set(kept.values());
  let next = 0;
  for (const id of ids) {
    if (kept.has(id)) continue;
    while (taken.has(next)) next++;
    taken.add(next);
    kept.set(id, next);
  }
  return kept;
}

/** The slots of runs, in their order, for as long as the page is shown. */
export function useSlots(ids: readonly string[]): readonly number[] {
  const [slots, setSlots] = useState<ReadonlyMap<string, number>>(() => slotsFor(ids, new Map()));
  const isKnown = ids.length === slots.size && ids.every((id) => slots.has(id));
  const shown = isKnown ? slots : slotsFor(ids, slots);
  if (!isKnown) setSlots(shown);
  return ids.map((id) => shown.get(id) ?? 0);
}
