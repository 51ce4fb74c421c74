import { friendlyName } from "../../core/domain/names.ts";
import { configKey } from "../../core/catalog/config-key.ts";
import { openCatalog } from "../../core/catalog/open.ts";
import { createIdSource } from "../../core/platform/ids.ts";
import { randomNumbers } from "./random-numbers.ts";

export const parameterNames = ["lr", "weight_decay", "batch_size", "epochs", "loss", "model"];
const metrics = ["train", "validation", "test"].flatMap((part) =>
  ["loss", "accuracy", "error", "confidence", "margin", "entropy", "norm"].map(
    (name) => `${part}/${name}`,
  ),
);
/** Twenty-one metrics; with the parameters, the seed and the summaries they make thirty columns. */
export const metricNames: readonly string[] = metrics;
const summaryNames = ["accuracy", "note"];

/**
 * Fills a new catalog with runs of four experiments, three seeds of each configuration, one in
 * twenty without metrics. Rows are as the catalog writes them, counters are set at the end.
 */
export function fillCatalog(folder: string, runs: number): void {
  const { db, close } = openCatalog(folder);
  const random = randomNumbers(1);
  const start = Date.UTC(2026, 0, 1);
  let now = start;
  const newId = createIdSource(
    () => now,
    () => null,
  );
  const pick = <T>(values: readonly T[]): T => {
    const value = values[Math.floor(random() * values.length)];
    if (value === undefined) throw new Error("nothing to choose from");
    return value;
  };
  // Triggers would count row by row; the counts are set below to what they would come to.
  const triggers = db
    .prepare<[], { name: string; sql: string }>(
      "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'run%'",
    )
    .all();
  const versions = ["digits", "tiny-imagenet", "cifar", "svhn"].map((name) => {
    const id = newId();
    return { experiment: id, version: newId(), name };
  });
  db.exec(triggers.map(({ name }) => `DROP TRIGGER ${name};`).join("\n"));
  db.transaction(() => {
    db.exec("INSERT INTO tree (hash, files, size) VALUES ('t', 0, 0)");
    for (const { experiment, version, name } of versions) {
      db.prepare("INSERT INTO experiment VALUES (?, ?, ?, 0)").run(experiment, name, `/${name}`);
      db.prepare(
        `INSERT INTO experiment_version (id, experiment_id, number, spec_hash, spec_text, spec_json,
           code_tree, created_at) VALUES (?, ?, 1, 'h', '', '{}', 't', 0)`,
      ).run(version, experiment);
    }
    const addColumn = db.prepare("INSERT INTO run_column (kind, name) VALUES (?, ?)");
    const columnOf = new Map<string, number>();
    const columns = [
      ...[...parameterNames, "seed"].map((name) => ["parameter", name] as const),
      ...metrics.map((name) => ["metric", name] as const),
      ...summaryNames.map((name) => ["summary", name] as const),
    ];
    for (const [kind, name] of columns)
      columnOf.set(`${kind} ${name}`, Number(addColumn.run(kind, name).lastInsertRowid));
    const addRun = db.prepare(
      `INSERT INTO run (no, id, name, label, experiment_version_id, config_key, seed, evaluate,
         state, reason, created_at, started_at, ended_at, changed, point_key, parameters_json,
         summary_json)
       VALUES (@no, @id, @name, @label, @version, @config, @seed, 0, @state, @reason, @created,
         @started, @ended, @no, @id, @parameters, @summary)`,
    );
    const addValue = db.prepare("INSERT INTO run_value VALUES (?, ?, ?, ?, ?, ?)");
    const add = (kind: string, name: string, no: number, value: number | string) =>
      addValue.run(
        columnOf.get(`${kind} ${name}`),
        no,
        typeof value === "number" ? value : null,
        typeof value === "number" ? null : value,
        kind === "metric" && typeof value === "number" ? value * 0.9 : null,
        kind === "metric" && typeof value === "number" ? value * 1.1 : null,
      );
    let parameters: Record<string, number | string> = {};
    let version = pick(versions);
    for (let no = 1; no <= runs; no++) {
      now = start + no * 60_000;
      const seed = (no - 1) % 3;
      if (seed === 0) {
        version = pick(versions);
        parameters = {
          lr: Number((10 ** (-4 + 3 * random())).toPrecision(4)),
          weight_decay: pick([0, 1e-4, 5e-4, 1e-3]),
          batch_size: pick([32, 64, 128, 256]),
          epochs: pick([10, 20, 40, 80]),
          loss: pick(["cross-entropy", "trades", "mart"]),
          model: pick(["resnet18", "resnet50", "wide-resnet", "vit-small"]),
        };
      }
      const state = pick(["succeeded", "succeeded", "succeeded", "failed", "cancelled"]);
      const summary = { accuracy: random(), note: pick(["", "as planned", "to be repeated"]) };
      addRun.run({
        no,
        id: newId(),
        name: `${friendlyName(Math.floor(random() * 2 ** 32))}-${no}`,
        label: `lr=${parameters["lr"]} seed=${seed}`,
        version: version.version,
        config: configKey(version.experiment, parameters),
        seed,
        state,
        reason: state === "failed" ? pick(["exit-code", "out-of-memory", "timed-out"]) : null,
        created: now,
        started: now + 1000,
        ended: now + 1000 + Math.floor(random() * 3_600_000),
        parameters: JSON.stringify(parameters),
        summary: JSON.stringify(summary),
      });
      for (const [name, value] of Object.entries({ ...parameters, seed }))
        add("parameter", name, no, value);
      for (const [name, value] of Object.entries(summary)) add("summary", name, no, value);
      if (no % 20 !== 0) for (const name of metrics) add("metric", name, no, random());
    }
    db.exec(`UPDATE run_column SET
        runs = (SELECT count(*) FROM run_value WHERE column_id = id),
        texts = (SELECT count(text) FROM run_value WHERE column_id = id);
      UPDATE run_clock SET changed = ${runs};`);
    for (const { sql } of triggers) db.exec(sql);
  })();
  close();
}
