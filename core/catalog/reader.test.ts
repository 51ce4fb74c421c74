import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { fillCatalog } from "../../tests/support/many-runs.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import type { RunsTableInput } from "../../shared/runs-table.ts";
import { createReader } from "./reader.ts";

const table = (input: Partial<RunsTableInput> = {}) => ({
  query: "",
  sort: [],
  group: null,
  columns: [],
  limit: 10,
  offset: 0,
  now: 0,
  ...input,
});

/** No name matches, and each letter of one makes the search for a way some five times as long. */
const catastrophic = "name =~ /^(((([a-z0-9-]+)+)+)+)+\\|$/";
const endless =
  "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c";

function openReader(runs = 50) {
  const folder = temporaryFolder();
  fillCatalog(folder, runs);
  const reader = createReader(folder);
  onTestFinished(() => reader.close());
  return reader;
}

test("reads run off this thread, in the order in which they were asked", async () => {
  const reader = openReader();
  const order: number[] = [];
  const results = await Promise.all(
    [1, 2, 3].map(async (limit) => {
      const { rows } = await reader.read("runsTable", table({ limit }));
      order.push(limit);
      return rows.length;
    }),
  );
  expect(results).toEqual([1, 2, 3]);
  expect(order).toEqual([1, 2, 3]);
});

test("what a read throws keeps its code and details", async () => {
  const reader = openReader();
  await expect(reader.read("runsTable", table({ query: "nme = 3" }))).rejects.toMatchObject({
    name: "GauntletError",
    code: "QUERY_INVALID",
    details: expect.stringContaining("^^^"),
  });
});

test("a regular expression that never ends is stopped, and the next read is answered", async () => {
  const reader = openReader();
  const slow = reader.read("runsTable", table({ query: catastrophic }), { timeLimit: 1500 });
  const next = reader.read("runsTable", table());
  await expect(slow).rejects.toMatchObject({ code: "QUERY_TOO_SLOW" });
  expect((await next).total).toBe(50);
});

test("a statement that never ends is stopped, and the next one is answered", async () => {
  const reader = openReader();
  const slow = reader.read("sql", { statement: endless, limit: 10 }, { timeLimit: 1500 });
  await expect(slow).rejects.toMatchObject({ code: "QUERY_TOO_SLOW" });
  const { rows } = await reader.read("sql", { statement: "SELECT count(*) FROM runs", limit: 1 });
  expect(rows).toEqual([[50]]);
});

test("a read that is taken back before its turn is never made", async () => {
  const reader = openReader();
  const first = reader.read("runsTable", table());
  const controller = new AbortController();
  const second = reader.read("runsTable", table(), { signal: controller.signal });
  controller.abort(new Error("not any more"));
  await expect(second).rejects.toThrow("not any more");
  await first;
});

test("closing rejects what is under way and ends even an endless statement", async () => {
  const reader = openReader();
  const reads = [
    reader.read("sql", { statement: endless, limit: 10 }),
    reader.read("runsTable", table({ query: catastrophic })),
  ];
  const settled = Promise.allSettled(reads);
  await reader.close();
  expect((await settled).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await expect(reader.read("runsTable", table())).rejects.toMatchObject({
    code: "CORE_UNREACHABLE",
  });
});

test("workers that have nothing to do let their process end", async () => {
  const folder = temporaryFolder();
  fillCatalog(folder, 5);
  const program = fileURLToPath(new URL("../../tests/fixtures/read-and-leave.ts", import.meta.url));
  const child = fork(program, [folder], { execArgv: [] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [[message], [status]] = await Promise.all([once(child, "message"), once(child, "exit")]);
  expect(message).toEqual({ total: 5, rows: [[5]] });
  expect(status).toBe(0);
});
