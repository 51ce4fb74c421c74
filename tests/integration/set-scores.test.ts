import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
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

/** Three runs whose models both attacks are verified on, at distances of 1, 2 and 3; nothing is scored. */
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

test("a set of attacks that were made before has its scores as soon as it is saved or active", async () => {
  const { client } = await openTestCore(evaluatedRuns());
  const scores = async (column: string) => {
    const { rows } = await client.runs.table({
      query: `${column} != none`,
      sort: [{ field: column }],
      columns: [column],
    });
    return rows.map(({ values }) => values[0]);
  };
  await client.attacks.saveSet({ name: "two", attacks: ["attack-1", "attack-0"] });
  expect(await scores("score.two")).toEqual([1, 2, 3]);
  expect(await scores("score")).toEqual([]);
  await client.attacks.activate({ set: "all" });
  expect(await scores("score")).toEqual([1, 2, 3]);
  const { rows } = await client.sql({
    statement: "SELECT attack_set, count(*) FROM scores GROUP BY 1 ORDER BY 1",
  });
  expect(rows).toEqual([
    ["all", 3],
    ["two", 3],
  ]);
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
