import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import type { Client } from "../../core/api/socket-client.ts";
import { keepScores } from "../../core/services/scores.ts";
import { openTestCore } from "../support/core.ts";
import { fillCatalog } from "../support/many-runs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  fillToyCatalog,
  keepOutcomes,
  openToyCatalog,
  outcomeRow,
} from "../support/toy-catalog.ts";

/**
 * Three runs whose models both attacks are verified on, at distances of 1, 2 and 3. Nothing is scored,
 * as a core leaves it that dies right after it has saved the sets `five` and `all`.
 */
function evaluatedRuns(): string {
  const folder = temporaryFolder();
  fillCatalog(folder, 3);
  const catalog = openToyCatalog(folder);
  const toy = fillToyCatalog(catalog, { models: 3, attacks: 2, samples: 2, classes: 2 });
  const db = new Database(join(folder, "catalog.sqlite"));
  toy.models.forEach((model, index) => {
    db.prepare("UPDATE model SET run_id = (SELECT id FROM run WHERE no = ?) WHERE id = ?").run(
      index + 1,
      model,
    );
    for (const attack of toy.attacks)
      keepOutcomes(
        catalog,
        catalog.evaluations.add(model, attack, toy.threatModelId),
        [0, 1].map((sample) => outcomeRow(sample, { l2: index + 1 })),
      );
  });
  db.exec(
    "DELETE FROM score; DELETE FROM run_value WHERE column_id IN (SELECT id FROM run_column WHERE kind = 'score')",
  );
  db.close();
  catalog.close();
  return folder;
}

/** Scores of the runs in a column, in order. */
async function scoresIn(client: Client, column: string) {
  const { rows } = await client.runs.table({
    query: `${column} != none`,
    sort: [{ field: column }],
    columns: [column],
  });
  return rows.map(({ values }) => values[0]);
}

test("a set of attacks that were made before has its scores as soon as it is saved or active", async () => {
  const folder = evaluatedRuns();
  const db = new Database(join(folder, "catalog.sqlite"));
  db.exec("DELETE FROM attack_set_member; DELETE FROM attack_set");
  db.close();
  const { client } = await openTestCore(folder);
  await client.attacks.saveSet({ name: "two", attacks: ["attack-1", "attack-0"] });
  await client.attacks.saveSet({ name: "one", attacks: ["attack-1"] });
  expect(await scoresIn(client, "score.two")).toEqual([1, 2, 3]);
  expect(await scoresIn(client, "score")).toEqual([]);
  await client.attacks.activate({ set: "one" });
  expect(await scoresIn(client, "score")).toEqual([1, 2, 3]);
  const { rows } = await client.sql({
    statement: "SELECT attack_set, count(*) FROM scores GROUP BY 1 ORDER BY 1",
  });
  expect(rows).toEqual([
    ["one", 3],
    ["two", 3],
  ]);
});

test("what a core that died has left of a set's scores is taken up at the next start", async () => {
  const folder = evaluatedRuns();
  const { client, close } = await openTestCore(folder);
  await expect.poll(() => scoresIn(client, "score.all")).toEqual([1, 2, 3]);
  await expect.poll(() => scoresIn(client, "score")).toEqual([1, 2, 3]);
  await close();
  // Once, and not at every start.
  const db = new Database(join(folder, "catalog.sqlite"));
  onTestFinished(() => void db.close());
  const scored = () =>
    db.prepare("SELECT count(*) FROM event WHERE kind = 'attack-set.scored'").pluck().get();
  expect(scored()).toBe(2);
  const next = await openTestCore(folder);
  await next.close();
  expect(scored()).toBe(2);
});

test("the runs table forgets a score when an evaluation is made again", async () => {
  const catalog = openToyCatalog(evaluatedRuns());
  onTestFinished(async () => {
    await catalog.reader.close();
    catalog.close();
  });
  const all = catalog.attacks.set("all");
  if (!all) throw new Error("the toy has no such set");
  await keepScores({ catalog }, all);
  const sorted = async () => {
    const sort = [{ field: "score.all", descending: false, statistic: "mean" as const }];
    const page = { query: "", group: null, columns: ["score.all"], limit: 3, offset: 0, now: 0 };
    const { rows } = await catalog.reader.read("runsTable", { ...page, sort });
    return rows.map(({ values }) => values[0]);
  };
  expect(await sorted()).toEqual([1, 2, 3]);
  const [first] = catalog.evaluations.modelsAfter("", 1);
  const [evaluation] = catalog.evaluations.ofModel(first ?? "");
  catalog.transaction(() => catalog.evaluations.setState(evaluation?.id ?? "", "queued"));
  expect(await sorted()).toEqual([2, 3, null]);
});
