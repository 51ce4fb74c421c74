import type { Database } from "better-sqlite3";
import { packOutcomes, type StoredOutcome } from "./outcome-pack.ts";
import { createSampleOrders } from "./sample-order.ts";

/** Writes the outcomes of whole evaluations. Call it inside a transaction. */
export function createOutcomeWriter(db: Database) {
  const orderOf = createSampleOrders(db);
  const subject = db.prepare<[string], { threatModelId: string; attackId: string }>(
    "SELECT threat_model_id AS threatModelId, attack_id AS attackId FROM evaluation WHERE id = ?",
  );
  const attack = db.prepare<[string], { minimal: number }>(
    "SELECT minimal FROM attack WHERE id = ?",
  );
  const findClean = db.prepare<[string], { id: number }>(
    "SELECT id FROM outcome_clean WHERE hash = ?",
  );
  const addClean = db.prepare(
    `INSERT INTO outcome_clean (hash, label, clean_pred, worst_case)
     VALUES (@hash, @label, @clean_pred, @worst_case)`,
  );
  const removeDetail = db.prepare<[string]>("DELETE FROM outcome_detail WHERE evaluation_id = ?");
  const removeBlock = db.prepare<[string]>("DELETE FROM outcome_block WHERE evaluation_id = ?");
  const addBlock = db.prepare(
    `INSERT INTO outcome_block
       (evaluation_id, clean_id, samples, verified, tried, found, median, status, distance)
     VALUES (@evaluation, @clean, @samples, @verified, @tried, @found, @median, @status, @distance)`,
  );
  const addDetail = db.prepare(
    `INSERT INTO outcome_detail (evaluation_id, texts_json, extra_json, l0, l1, l2, linf,
       clean_margin, adv_pred, adv_margin, claimed_outcome, claimed_l2, forwards, backwards,
       queries_to_best, grad_zero, silent, milliseconds)
     VALUES (@evaluation, @texts_json, @extra_json, @l0, @l1, @l2, @linf,
       @clean_margin, @adv_pred, @adv_margin, @claimed_outcome, @claimed_l2, @forwards, @backwards,
       @queries_to_best, @grad_zero, @silent, @milliseconds)`,
  );
  return {
    /** Takes the place of whatever outcomes the evaluation had. */
    replace(evaluation: string, records: readonly StoredOutcome[]): void {
      const found = subject.get(evaluation);
      if (!found) throw new Error(`no evaluation ${evaluation}`);
      const order = orderOf(found.threatModelId);
      const isMinimal = order.minimal && attack.get(found.attackId)?.minimal === 1;
      const packed = packOutcomes(records, order, order.norm, isMinimal);
      removeDetail.run(evaluation);
      removeBlock.run(evaluation);
      const clean =
        findClean.get(packed.clean.hash)?.id ?? addClean.run(packed.clean).lastInsertRowid;
      addBlock.run({ evaluation, clean, ...packed.block });
      addDetail.run({ evaluation, ...packed.detail });
    },
  };
}
