import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, onTestFinished, test } from "vitest";
import { readRunsTable } from "../../core/catalog/runs-table/table.ts";
import { runCli } from "../support/cli.ts";
import { folderWith, openTestCore, runToEnd } from "../support/core.ts";
import { fillCatalog } from "../support/many-runs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("the runs table of real runs", () => {
  test("shows what jobs reported as soon as they did, and forgets what is deleted", async () => {
    const data = temporaryFolder();
    const folder = join(temporaryFolder(), "mine");
    await runCli(["init", folder], data);
    const { client } = await openTestCore(data);
    const columns = ["train/loss", "train/loss.min", "learning_rate", "seed", "x", "duration"];
    expect((await client.runs.table({})).total).toBe(0);
    const run = await runToEnd(client, folder);
    const query = "train/loss != none AND learning_rate > 0 AND state = succeeded";
    const { rows, total } = await client.runs.table({ query, columns });
    expect(total).toBe(1);
    const metric = run.metrics.find(({ name }) => name === "train/loss");
    expect(rows[0]).toMatchObject({
      id: run.id,
      values: [
        metric?.last,
        metric?.minimum,
        run.parameters["learning_rate"],
        0,
        run.summary["x"],
        (run.endedAt ?? 0) - (run.startedAt ?? 0),
      ],
    });
    const second = await runToEnd(client, folder);
    const { groups } = await client.runs.table({ group: ["seed"], columns: ["train/loss"] });
    expect(groups).toMatchObject([{ runs: 2, newest: { id: second.id }, values: [{ count: 2 }] }]);
    await client.runs.delete({ runs: [run.id], dryRun: true });
    expect((await client.runs.table({ query })).total).toBe(2);
    await client.runs.delete({ runs: [run.id], dryRun: false });
    expect((await client.runs.table({ query })).rows.map(({ id }) => id)).toEqual([second.id]);
    const fields = await client.runs.fields({});
    expect(fields.find(({ written }) => written === "train/loss")).toMatchObject({
      kind: "metric",
      runs: 1,
    });
  });
});

test("what an attempt failed of finds its run, also when the next one succeeded", async () => {
  const data = temporaryFolder();
  const { client, close } = await openTestCore(data);
  const folder = folderWith({
    "gauntlet.yaml":
      "name: again\ntrain: { command: [node, main.mjs], retries: 1 }\ntest: { command: [node, -e, 1] }\n",
    "main.mjs": `import { readFileSync } from "node:fs";
const job = JSON.parse(readFileSync(process.env.GAUNTLET_RUN_DIR + "/job.json", "utf8"));
process.exit(job.attempt === 1 ? 3 : 0);`,
  });
  const run = await runToEnd(client, folder);
  expect(run).toMatchObject({ state: "succeeded", reason: null });
  const query = "condition = exit-code AND state = succeeded";
  const { rows } = await client.runs.table({ query, columns: ["condition"] });
  expect(rows).toMatchObject([{ id: run.id, condition: "exit-code", values: ["exit-code"] }]);
  await close();
  const listed = await runCli(
    ["runs", "list", "--where", "condition != none", "--columns", "condition"],
    data,
  );
  expect(listed.stdout).toMatch(/condition[^]*succeeded +exit-code/);
});

describe("commands", () => {
  test("runs list filters, sorts, groups and says where a query is wrong", async () => {
    const data = temporaryFolder();
    fillCatalog(data, 300);
    const list = async (...args: string[]) => runCli(["runs", "list", ...args], data);
    const sorted = await list(
      "--where",
      "train/loss < 0.3 and lr within [0.0001, 0.05]",
      "--sort=-test/accuracy,name",
      "--columns",
      "train/loss,test/accuracy",
      "--json",
    );
    expect(sorted, sorted.stderr).toMatchObject({ status: 0 });
    const { rows } = JSON.parse(sorted.stdout) as { rows: { values: [number, number | null] }[] };
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.every(({ values }) => values[0] < 0.3)).toBe(true);
    const accuracies = rows.map(({ values }) => values[1] ?? -1);
    expect(accuracies).toEqual(accuracies.toSorted((a, b) => b - a));
    const grouped = await list("--group", "--columns", "accuracy", "--limit", "2");
    expect(grouped.stdout).toMatch(/0\.\d+ ± 0\.\d+\n2 of 300 runs in 100 groups\n$/);
    const failed = await list("--state", "failed", "--where", "kestrel or lion", "--json");
    expect(JSON.parse(failed.stdout)).toMatchObject({ groups: [] });
    const wrong = await list("--where", "state = faild");
    expect(wrong).toMatchObject({ status: 3 });
    expect(wrong.stderr).toContain("state = faild\n          ^^^^^ `faild` is no state of a run");
    expect((await runCli(["runs", "fields"], data)).stdout).toMatch(
      /train\/loss +metric +number +285/,
    );
  });

  test("sql reads as text, JSON and CSV, and changes nothing", async () => {
    const data = temporaryFolder();
    fillCatalog(data, 30);
    const statement = "SELECT count(*) AS n, 'a,\"b' AS odd, NULL AS missing FROM runs";
    expect((await runCli(["sql", statement], data)).stdout).toMatch(
      /n +odd +missing\n30 +a,"b +–\n1 row/,
    );
    expect((await runCli(["sql", "--csv", statement], data)).stdout).toBe(
      'n,odd,missing\r\n30,"a,""b",\r\n',
    );
    expect(JSON.parse((await runCli(["sql", "--json", statement], data)).stdout)).toMatchObject({
      columns: ["n", "odd", "missing"],
      rows: [[30, 'a,"b', null]],
      truncated: false,
    });
    expect(await runCli(["sql", "DELETE FROM run"], data)).toMatchObject({ status: 3 });
    expect((await runCli(["sql", "--help"], data)).stdout).toContain(
      "metrics: one row per run and metric",
    );
  });
});

test("every query of the guide is understood", () => {
  const folder = temporaryFolder();
  fillCatalog(folder, 50);
  const db = new Database(join(folder, "catalog.sqlite"), { readonly: true });
  onTestFinished(() => void db.close());
  const guide = readFileSync(new URL("../../docs/guide/query.md", import.meta.url), "utf8");
  const blocks = [...guide.matchAll(/```query\n(.*?)```/gs)].map(([, block = ""]) => block);
  const queries = blocks.flatMap((block) => block.trim().split("\n"));
  expect(queries.length).toBeGreaterThan(25);
  const page = { sort: [], group: null, columns: [], limit: 50, offset: 0 };
  for (const query of queries) {
    const { total } = readRunsTable(db, { ...page, query, now: Date.UTC(2026, 0, 2) });
    expect(total, query).toBeGreaterThanOrEqual(0);
  }
});
