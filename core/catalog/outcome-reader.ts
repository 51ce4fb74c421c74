import type { Database, Statement } from "better-sqlite3";
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
  evaluation: string,
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
 *
 * SQLite 3.54 plans a statement with a join or an ORDER BY anew at each call whose parameters are
 * compared with columns, because better-sqlite3 clears them in between: 30 microseconds, twice what
 * reading a block takes. So blocks are read by one statement per model.
 */
export function createOutcomeReader(db: Database) {
  const orderOf = createSampleOrders(db);
  const verified = db.prepare<[string, string], { id: string; attackId: string }>(
    `SELECT id, attack_id AS attackId FROM evaluation
     WHERE model_id = ? AND threat_model_id = ? AND state = 'verified'`,
  );
  const among = "WHERE evaluation_id IN (SELECT value FROM json_each(?))";
  const selectBlocks = db
    .prepare<[string], BlockTuple>(
      `SELECT evaluation_id, clean_id, verified, tried, found, median, status, distance
       FROM outcome_block ${among}`,
    )
    .raw();
  const selectFacts = db.prepare<[string], AttackFacts & { id: string }>(
    `SELECT evaluation_id AS id, verified, tried, found, median FROM outcome_block ${among}`,
  );
  const selectDistances = Object.fromEntries(
    (["l0", "l1", "l2", "linf"] as const).map((norm) => [
      norm,
      db.prepare<[string], { id: string; distance: Buffer }>(
        `SELECT evaluation_id AS id, ${norm} AS distance FROM outcome_detail ${among}`,
      ),
    ]),
  ) as Record<Norm, Statement<[string], { id: string; distance: Buffer }>>;
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

  /** The verified evaluation of each attack on a model, by the attack's id. */
  const evaluationsOf = (modelId: string, threatModelId: string): Map<string, string> =>
    new Map(verified.all(modelId, threatModelId).map(({ id, attackId }) => [attackId, id]));

  return {
    /** The ids of a threat model's samples, in the order of every column. */
    sampleIds(threatModelId: string): readonly string[] {
      return orderOf(threatModelId).ids;
    },
    /** Whether every one of the attacks is verified on a model. */
    hasAll(modelId: string, threatModelId: string, attackIds: readonly string[]): boolean {
      const evaluations = evaluationsOf(modelId, threatModelId);
      return attackIds.every((id) => evaluations.has(id));
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
      const evaluations = evaluationsOf(modelId, threatModelId);
      const wanted = JSON.stringify(attackIds.flatMap((id) => evaluations.get(id) ?? []));
      const inNorm =
        norm === undefined || norm === order.norm
          ? undefined
          : new Map(selectDistances[norm].all(wanted).map((row) => [row.id, row.distance]));
      // Evaluations that agree on the clean samples share these, so that scoring need not compare.
      const cleans = new Map<number, CleanColumns>();
      const found = new Map<string, AttackOn>();
      for (const row of selectBlocks.all(wanted)) {
        const [id, cleanId, verifiedSamples, tried, foundSamples, median, status, own] = row;
        const clean = cleans.get(cleanId) ?? cleanOf(cleanId, samples);
        cleans.set(cleanId, clean);
        const distance = unpackNumbers(inNorm?.get(id) ?? own, samples);
        found.set(id, {
          facts: { verified: verifiedSamples, tried, found: foundSamples, median },
          outcomes: { clean, status, distance },
        });
      }
      return attackIds.map((id) => found.get(evaluations.get(id) ?? "") ?? null);
    },
    /** What each attack that is verified on a model alone says of it, by the attack's id. */
    factsOfModel(modelId: string, threatModelId: string): Map<string, AttackFacts> {
      const evaluations = evaluationsOf(modelId, threatModelId);
      const rows = selectFacts.all(JSON.stringify([...evaluations.values()]));
      const byEvaluation = new Map(rows.map(({ id, ...facts }) => [id, facts]));
      return new Map(
        [...evaluations].flatMap(([attackId, id]) => {
          const facts = byEvaluation.get(id);
          return facts ? [[attackId, facts]] : [];
        }),
      );
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
