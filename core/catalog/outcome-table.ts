import Database from "better-sqlite3";
import { GauntletError } from "../../shared/errors.ts";
import { createOutcomeReader } from "./outcome-reader.ts";

const columns = [
  "position",
  "sample",
  "label",
  "outcome",
  "verdict",
  "reason",
  "detail",
  "clean_pred",
  "clean_margin",
  "adv_pred",
  "adv_margin",
  "l0",
  "l1",
  "l2",
  "linf",
  "worst_case",
  "claim_mismatch",
  "claimed_outcome",
  "claimed_l2",
  "forwards",
  "backwards",
  "queries_to_best",
  "grad_zero",
  "silent",
  "milliseconds",
] as const;

/**
 * Makes `sample_outcome` known to a connection: one row per sample, of the evaluation that it is
 * given, as in `FROM sample_outcome('EVALUATION')`, `WHERE evaluation_id = 'EVALUATION'`, or
 * `FROM evaluation e JOIN sample_outcome(e.id) s`. `evaluation_id` is a hidden column: name it to
 * see it. Without an evaluation the query fails with USAGE instead of unpacking the whole catalog.
 *
 * A connection that runs a query cannot run another for it, so outcomes are read, as they were
 * committed last, on a second, read-only connection to the same file. Close the result with the
 * connection.
 */
export function registerOutcomeTable(db: Database.Database): { close(): void } {
  const source = new Database(db.name, { readonly: true, fileMustExist: true });
  const reader = createOutcomeReader(source);
  db.table("sample_outcome", {
    columns: [...columns],
    parameters: ["evaluation_id"],
    *rows(...given: unknown[]) {
      const [evaluation] = given;
      if (typeof evaluation !== "string")
        throw new GauntletError("USAGE", "sample_outcome was not told which evaluation.", {
          hint: "Write FROM sample_outcome('EVALUATION'), or JOIN sample_outcome(e.id) behind FROM evaluation e.",
        });
      for (const record of reader.records(evaluation)) yield columns.map((name) => record[name]);
    },
  });
  return { close: () => void source.close() };
}
