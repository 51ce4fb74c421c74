import type { Database } from "better-sqlite3";
import type { Norm } from "../../shared/schemas/threat-model.ts";
import type { CleanColumns, OutcomeColumns } from "../domain/outcome-columns.ts";
import type { AttackFacts } from "../domain/scoring.ts";
import { unpackNumbers } from "./number-column.ts";
import {
  type BlockRow,
  type CleanRow,
  countRejections,
  type DetailRow,
  type PlacedOutcome,
  unpackOutcomes,
} from "./outcome-pack.ts";
import { createSampleOrders } from "./sample-order.ts";
import type { EvaluationState } from "./evaluations.ts";

export type OutcomeReader = ReturnType<typeof createOutcomeReader>;

/** The outcomes of a verified evaluation, and what its attack alone says. */
export type AttackOn = { facts: AttackFacts; outcomes: OutcomeColumns };

/** One cell of models by attacks. `facts` are null until it is verified. */
export type Cell = {
  modelId: string;
  attackId: string;
  evaluationId: string;
  state: EvaluationState;
  facts: AttackFacts | null;
};

type CellRow = Omit<Cell, "facts"> & {
  verified: number | null;
  tried: number | null;
  found: number | null;
  median: number | null;
};
type BlockTuple = [
  clean: number,
  verified: number,
  tried: number,
  found: number,
  median: number | null,
  status: Buffer,
  distance: Buffer,
];

/**
 * Reads sample outcomes on any connection to a catalog, such as a read-only one in a worker. Only
 * outcomes of evaluations that are verified now are given out for scores.
 */
export function createOutcomeReader(db: Database) {
  const orderOf = createSampleOrders(db);
  const block = (distance: string, more = "") =>
    db
      .prepare<[string, string, string], BlockTuple>(
        `SELECT b.clean_id, b.verified, b.tried, b.found, b.median, b.status, ${distance}
         FROM evaluation e CROSS JOIN outcome_block b ON b.evaluation_id = e.id ${more}
         WHERE e.model_id = ? AND e.attack_id = ? AND e.threat_model_id = ? AND e.state = 'verified'`,
      )
      .raw();
  const inOwnNorm = block("b.distance");
  const inNorm = Object.fromEntries(
    (["l0", "l1", "l2", "linf"] as const).map((norm) => [
      norm,
      block(
        `coalesce(d.${norm}, b.distance)`,
        "CROSS JOIN outcome_detail d ON d.evaluation_id = e.id",
      ),
    ]),
  ) as Record<Norm, typeof inOwnNorm>;
  const selectFacts = db.prepare<[string, string], AttackFacts & { attackId: string }>(
    `SELECT e.attack_id AS attackId, b.verified, b.tried, b.found, b.median
     FROM evaluation e CROSS JOIN outcome_block b ON b.evaluation_id = e.id
     WHERE e.model_id = ? AND e.threat_model_id = ? AND e.state = 'verified'`,
  );
  const selectClean = db.prepare<[number], CleanRow>(
    "SELECT label, clean_pred, worst_case FROM outcome_clean WHERE id = ?",
  );
  const someLabels = db.prepare<[string], { label: Buffer }>(
    `SELECT c.label FROM evaluation e JOIN outcome_block b ON b.evaluation_id = e.id
     JOIN outcome_clean c ON c.id = b.clean_id
     WHERE e.threat_model_id = ? AND e.state = 'verified' ORDER BY b.verified DESC LIMIT 1`,
  );
  const cells = db.prepare<[string], CellRow>(
    `SELECT e.model_id AS modelId, e.attack_id AS attackId, e.id AS evaluationId, e.state,
       b.verified, b.tried, b.found, b.median
     FROM evaluation e LEFT JOIN outcome_block b ON b.evaluation_id = e.id
     WHERE e.threat_model_id = ?`,
  );
  const rejections = db.prepare<
    [string],
    { status: Buffer; texts_json: string; extra_json: string | null }
  >(
    `SELECT b.status, d.texts_json, d.extra_json FROM outcome_block b
     JOIN outcome_detail d ON d.evaluation_id = b.evaluation_id WHERE b.evaluation_id = ?`,
  );
  const whole = db.prepare<
    [string],
    CleanRow & DetailRow & Pick<BlockRow, "status" | "distance"> & { threatModelId: string }
  >(
    `SELECT c.label, c.clean_pred, c.worst_case, b.status, b.distance, d.*,
       e.threat_model_id AS threatModelId
     FROM evaluation e JOIN outcome_block b ON b.evaluation_id = e.id
     JOIN outcome_clean c ON c.id = b.clean_id JOIN outcome_detail d ON d.evaluation_id = e.id
     WHERE e.id = ?`,
  );

  const cleanOf = (id: number, samples: number): CleanColumns => {
    const row = selectClean.get(id);
    if (!row) throw new Error(`no clean columns ${id}`);
    return {
      label: unpackNumbers(row.label, samples),
      prediction: unpackNumbers(row.clean_pred, samples),
      worstCase: unpackNumbers(row.worst_case, samples),
    };
  };

  return {
    /** The ids of a threat model's samples, in the order of every column. */
    sampleIds(threatModelId: string): readonly string[] {
      return orderOf(threatModelId).ids;
    },
    /**
     * The outcomes of each of the attacks on a model, in their order; null for one that is not
     * verified.
     * @param norm of the distances; absent: the threat model's
     */
    ofModel(
      modelId: string,
      threatModelId: string,
      attackIds: readonly string[],
      norm?: Norm,
    ): (AttackOn | null)[] {
      const order = orderOf(threatModelId);
      const samples = order.ids.length;
      const statement = norm === undefined || norm === order.norm ? inOwnNorm : inNorm[norm];
      // Evaluations that agree on the clean samples share these, so that scoring need not compare.
      const cleans = new Map<number, CleanColumns>();
      return attackIds.map((attackId) => {
        const row = statement.get(modelId, attackId, threatModelId);
        if (!row) return null;
        const [cleanId, verified, tried, found, median, status, distance] = row;
        const clean = cleans.get(cleanId) ?? cleanOf(cleanId, samples);
        cleans.set(cleanId, clean);
        return {
          facts: { verified, tried, found, median },
          outcomes: { clean, status, distance: unpackNumbers(distance, samples) },
        };
      });
    },
    /** What each attack that is verified on a model alone says of it, by the attack's id. */
    factsOfModel(modelId: string, threatModelId: string): Map<string, AttackFacts> {
      const rows = selectFacts.all(modelId, threatModelId);
      return new Map(rows.map(({ attackId, ...facts }) => [attackId, facts]));
    },
    /** The class of each sample of a threat model; undefined while nothing was verified under it. */
    labels(threatModelId: string): Float64Array | undefined {
      const row = someLabels.get(threatModelId);
      return row && unpackNumbers(row.label, orderOf(threatModelId).ids.length);
    },
    /** Every evaluation under a threat model. */
    cells(threatModelId: string): Cell[] {
      return cells.all(threatModelId).map(({ verified, tried, found, median, ...cell }) => ({
        ...cell,
        facts:
          cell.state === "verified" && verified !== null && tried !== null && found !== null
            ? { verified, tried, found, median }
            : null,
      }));
    },
    /** How many outcomes of an evaluation did not verify, by reason. */
    rejections(evaluationId: string): { reason: string; count: number }[] {
      const row = rejections.get(evaluationId);
      return row ? countRejections(row.status, row.texts_json, row.extra_json) : [];
    },
    /** Every record of an evaluation, whatever its state; none where it has no outcomes. */
    records(evaluationId: string): PlacedOutcome[] {
      const row = whole.get(evaluationId);
      if (!row) return [];
      const order = orderOf(row.threatModelId);
      return unpackOutcomes(order, order.norm, row, row, row);
    },
  };
}
