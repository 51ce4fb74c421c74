import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { idleSpec } from "../../tests/support/attempt.ts";
import { fillCatalog } from "../../tests/support/many-runs.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { openToyCatalog } from "../../tests/support/toy-catalog.ts";
import { progressOf } from "./progress.ts";

/** A catalog with two running runs that have a job each, and the troubles of an engine. */
function twoRunning() {
  const folder = temporaryFolder();
  fillCatalog(folder, 2);
  const catalog = openToyCatalog(folder);
  onTestFinished(() => catalog.close());
  const db = new Database(join(folder, "catalog.sqlite"));
  db.exec("UPDATE run SET state = 'running'");
  const runs = db.prepare<[], string>("SELECT id FROM run ORDER BY no").pluck().all();
  db.close();
  const jobs = runs.map((runId, index) => {
    const id = `job-${index}`;
    catalog.jobs.add({ id, runId, runner: "process", priority: 0, spec: idleSpec });
    return id;
  });
  const troubles = new Map<string, string>();
  const ask = (since: number | null, troubled: string[]) =>
    progressOf(
      { catalog, engine: { troubles: () => troubles } },
      { runs, evaluations: [], since, troubled },
    );
  return { runs, jobs, troubles, ask };
}

test("a trouble that only the engine knows of is told without an event, and so is its end", () => {
  const { runs, jobs, troubles, ask } = twoRunning();
  const [first = ""] = runs;
  const whole = ask(null, []);
  expect(whole.runs.map(({ condition }) => condition)).toEqual([null, null]);
  expect(ask(whole.seq, []).runs).toEqual([]);
  troubles.set(jobs[0] ?? "", "the disk is full");
  const told = ask(whole.seq, []);
  expect(told.seq).toBe(whole.seq);
  expect(told.runs).toMatchObject([{ id: first, condition: "the disk is full" }]);
  troubles.clear();
  expect(ask(whole.seq, [first]).runs).toMatchObject([{ id: first, condition: null }]);
  expect(ask(whole.seq, []).runs).toEqual([]);
});
