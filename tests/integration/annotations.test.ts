/** What people note about runs, and the views that they keep. */
import { expect, test } from "vitest";
import { runCli } from "../support/cli.ts";
import { openTestCore } from "../support/core.ts";
import { fillCatalog } from "../support/many-runs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function coreWithRuns(count: number) {
  const folder = temporaryFolder();
  fillCatalog(folder, count);
  const core = await openTestCore(folder);
  const { runs } = await core.client.runs.list({ limit: 10 });
  const find = async (query: string) => {
    const { rows } = await core.client.runs.table({ query });
    return rows.map(({ id }) => id);
  };
  return { ...core, ids: runs.map(({ id }) => id), find };
}

test("stars, tags and notes are found by queries, and taken back as they were", async () => {
  const { client, ids, find } = await coreWithRuns(5);
  const [first = "", second = ""] = ids;
  // The table has been read once: what comes now must reach a reader that keeps columns.
  expect(await find("starred = 1")).toEqual([]);
  const { before } = await client.runs.annotate({
    changes: [
      { run: first, starred: true, tags: ["paper", "baseline", "paper"] },
      { run: second, notes: "  diverges early " },
    ],
  });
  expect(before).toEqual([
    { run: first, starred: false, tags: [] },
    { run: second, notes: null },
  ]);
  expect(await find("starred = 1")).toEqual([first]);
  expect(await find("tags ~ base")).toEqual([first]);
  expect(await find("diverges")).toEqual([second]);
  expect(await client.runs.get({ run: first })).toMatchObject({
    starred: true,
    tags: ["baseline", "paper"],
    notes: null,
  });
  expect((await client.runs.get({ run: second })).notes).toBe("diverges early");
  const { rows } = await client.runs.table({ query: "starred = 1" });
  expect(rows).toMatchObject([{ starred: true, tags: ["baseline", "paper"] }]);
  await client.runs.annotate({ changes: before });
  expect(await find("starred = 1 or diverges")).toEqual([]);
});

test("a change that names no run changes nothing; a tag is one word", async () => {
  const { client, ids, find } = await coreWithRuns(2);
  const [run = ""] = ids;
  await expect(
    client.runs.annotate({
      changes: [
        { run, starred: true },
        { run: "nobody", starred: true },
      ],
    }),
  ).rejects.toMatchObject({ data: { code: "RUN_NOT_FOUND" } });
  expect(await find("starred = 1")).toEqual([]);
  for (const tag of ["two words", "", "a,b", "-x", "x".repeat(41)])
    await expect(client.runs.annotate({ changes: [{ run, tags: [tag] }] })).rejects.toThrow();
});

test("views are kept by name", async () => {
  const { client, data, close } = await coreWithRuns(1);
  const view = { name: "Best", query: "score > 1", sort: "-score", seeds: true, columns: ["lr"] };
  const arranged = { pinned: ["lr"], widths: { lr: 120 } };
  await client.views.save(view);
  await client.views.save({ ...view, name: "All", query: "", columns: null });
  await client.views.save({ ...view, ...arranged, query: "score > 2" });
  await close();
  const next = await openTestCore(data);
  expect(await next.client.views.list({})).toEqual([
    { ...view, name: "All", query: "", columns: null, pinned: [], widths: {} },
    { ...view, ...arranged, query: "score > 2" },
  ]);
  expect(await next.client.views.delete({ name: "All" })).toEqual({ deleted: true });
  expect(await next.client.views.delete({ name: "All" })).toEqual({ deleted: false });
});

test("the command line stars, tags and notes", async () => {
  const { client, data, ids, find } = await coreWithRuns(3);
  const [run = "", other = ""] = ids;
  expect(await runCli(["runs", "star", run, other], data)).toMatchObject({
    status: 0,
    stdout: "2 runs changed.\n",
  });
  await runCli(["runs", "star", other, "--remove"], data);
  await runCli(["runs", "tag", run, "--add", "a", "--add", "b"], data);
  await runCli(["runs", "tag", run, "--remove", "a"], data);
  await runCli(["runs", "note", run, "looks \u001b[31mred"], data);
  expect(await find("starred = 1 and tags = b")).toEqual([run]);
  const shown = await runCli(["runs", "show", run], data);
  expect(shown.stdout).toContain("starred, b");
  expect(shown.stdout).toContain("looks ␛[31mred");
  expect(await runCli(["runs", "tag", run], data)).toMatchObject({ status: 2 });
  expect((await client.runs.get({ run })).notes).toBe("looks \u001b[31mred");
});
