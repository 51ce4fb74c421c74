import { expect, test } from "vitest";
import type { CoreContext } from "../context.ts";
import { tableOf } from "./tables.ts";

type Row = { id: string; createdAt: number; startedAt: null; endedAt: null };

/** A core whose runs table is a list, changed before each page but the first. */
function coreOver(runs: Row[], change: (page: number) => void): CoreContext {
  let pages = 0;
  const read = (what: string, request: { offset: number; limit: number }) => {
    if (what === "runFields") return [];
    if (pages++ > 0) change(pages);
    const { offset, limit } = request;
    return { rows: runs.slice(offset, offset + limit).map((row) => ({ ...row, values: [] })) };
  };
  // All that the export of runs asks for.
  return { catalog: { reader: { read } }, clock: { now: () => 0 } } as unknown as CoreContext;
}

const rowsFrom = (first: number, count: number): Row[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `r${first + index}`,
    createdAt: 1,
    startedAt: null,
    endedAt: null,
  }));

async function idsOf(context: CoreContext): Promise<unknown[]> {
  const { rows } = await tableOf(context, { what: "runs", query: "", columns: [] });
  const ids: unknown[] = [];
  for await (const { id } of rows) ids.push(id);
  return ids;
}

test("runs that are added meanwhile come last, each once", async () => {
  const runs = rowsFrom(0, 2500);
  const ids = await idsOf(coreOver(runs, (page) => runs.push(...rowsFrom(2500 + page, 1))));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.slice(0, 2500)).toEqual(rowsFrom(0, 2500).map(({ id }) => id));
});

test.each([1, 700, 1800])(
  "%d runs that are deleted meanwhile hide none of the others",
  async (gone) => {
    const runs = rowsFrom(0, 3500);
    const ids = await idsOf(coreOver(runs, (page) => page === 2 && runs.splice(0, gone)));
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id } of rowsFrom(gone, 3500 - gone)) expect(ids).toContain(id);
  },
);
