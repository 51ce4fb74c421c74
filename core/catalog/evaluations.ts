import type { Database } from "better-sqlite3";
import type { SampleSet } from "../../shared/schemas/run-folder.ts";
import type { ThreatModel } from "../../shared/schemas/threat-model.ts";
import type { Clock } from "../domain/ports.ts";
import type { OutcomeRow } from "../domain/outcome.ts";
import type { Score } from "../domain/scoring.ts";
import type { EventLog } from "./events.ts";
import { fromJson, fromNullableJson, toNullableJson } from "./json.ts";
import type { StoredOutcome } from "./outcome-pack.ts";
import { createOutcomeWriter } from "./outcome-writer.ts";
import type { RunValues } from "./run-values.ts";

export type EvaluationState =
  | "queued"
  | "attacking"
  | "verifying"
  | "verified"
  | "failed"
  | "cancelled";

export type CatalogEvaluation = {
  id: string;
  modelId: string;
  attackId: string;
  threatModelId: string;
  state: EvaluationState;
  reason: string | null;
  summary: Record<string, unknown> | null;
  createdAt: number;
  endedAt: number | null;
};

export type CatalogThreatModel = {
  id: string;
  threat: ThreatModel;
  datasetId: string;
  sampleSet: SampleSet;
};

type SavedScore = {
  modelId: string;
  setId: string;
  threatModelId: string;
  state: "complete" | "incomplete";
  value: number | null;
  verified: number;
  needed: number;
  score: Score;
};

/** Robust accuracy in [0, 1] at a threat model's epsilon, and the attacks that it rests on, as labels. */
export type FixedAccuracy = { accuracy: number | null; attacks: string[] };

type Row = Omit<CatalogEvaluation, "summary"> & { summary_json: string | null };

const columns = `id, model_id AS modelId, attack_id AS attackId, threat_model_id AS threatModelId,
  state, reason, summary_json, created_at AS createdAt, ended_at AS endedAt`;

/** Evaluations, one per model, attack and threat model, with every sample's outcome. */
export function createEvaluationCatalog(
  db: Database,
  clock: Clock,
  newId: () => string,
  events: EventLog,
  runValues: RunValues,
) {
  const insertThreat = db.prepare(
    `INSERT INTO threat_model (id, norm, minimal, epsilon, low, high, targeted, queries, dataset_id,
       split, samples, sample_set_json)
     VALUES (@id, @norm, @minimal, @epsilon, @low, @high, @targeted, @queries, @datasetId, @split,
       @samples, @sampleSet) ON CONFLICT DO NOTHING`,
  );
  const selectThreat = db.prepare<
    [string],
    {
      norm: ThreatModel["norm"];
      minimal: number;
      epsilon: number | null;
      low: number;
      high: number;
      targeted: number;
      queries: number | null;
      datasetId: string;
      sample_set_json: string;
    }
  >(
    `SELECT norm, minimal, epsilon, low, high, targeted, queries, dataset_id AS datasetId,
       sample_set_json FROM threat_model WHERE id = ?`,
  );
  const find = db.prepare<[string, string, string], Row>(
    `SELECT ${columns} FROM evaluation
     WHERE model_id = ? AND attack_id = ? AND threat_model_id = ?`,
  );
  const byId = db.prepare<[string], Row>(`SELECT ${columns} FROM evaluation WHERE id = ?`);
  const search = db.prepare<{ end: string }, { id: string }>(
    "SELECT id FROM evaluation WHERE length(@end) >= 6 AND substr(id, -length(@end)) = @end LIMIT 1",
  );
  const ofModel = db.prepare<[string], Row>(
    `SELECT ${columns} FROM evaluation WHERE model_id = ? ORDER BY id`,
  );
  const threatsOfModel = db.prepare<[string], { id: string }>(
    `SELECT threat_model_id AS id FROM evaluation WHERE model_id = ?
     GROUP BY threat_model_id ORDER BY max(id) DESC`,
  );
  const mostUsedOnDataset = db.prepare<[string], { id: string }>(
    `SELECT e.threat_model_id AS id FROM evaluation e JOIN threat_model t ON t.id = e.threat_model_id
     WHERE t.dataset_id = ? GROUP BY 1 ORDER BY t.minimal DESC, count(*) DESC, max(e.id) DESC LIMIT 1`,
  );
  const insert = db.prepare(
    `INSERT INTO evaluation (id, model_id, attack_id, threat_model_id, state, created_at)
     VALUES (?, ?, ?, ?, 'queued', ?)`,
  );
  const setState = db.prepare(
    `UPDATE evaluation SET state = @state, reason = @reason, ended_at = max(@endedAt, created_at),
       summary_json = coalesce(@summary, summary_json) WHERE id = @id`,
  );
  const outcomes = createOutcomeWriter(db);
  const upsertScore = db.prepare(
    `INSERT INTO score (model_id, attack_set_id, threat_model_id, state, value, verified, needed,
       score_json, computed_at)
     VALUES (@modelId, @setId, @threatModelId, @state, @value, @verified, @needed, @score, @now)
     ON CONFLICT (model_id, attack_set_id, threat_model_id) DO UPDATE SET
       state = excluded.state, value = excluded.value, verified = excluded.verified,
       needed = excluded.needed, score_json = excluded.score_json, computed_at = excluded.computed_at`,
  );
  const setName = db.prepare<[string], string>("SELECT name FROM attack_set WHERE id = ?").pluck();
  const selectScore = db.prepare<[string, string, string], { score_json: string }>(
    `SELECT score_json FROM score
     WHERE model_id = ? AND attack_set_id = ? AND threat_model_id = ?`,
  );
  const upsertAccuracy = db.prepare<[string, string, number | null, string]>(
    `INSERT INTO fixed_accuracy (model_id, threat_model_id, accuracy, attacks_json)
     VALUES (?, ?, ?, ?) ON CONFLICT (model_id, threat_model_id) DO UPDATE SET
       accuracy = excluded.accuracy, attacks_json = excluded.attacks_json`,
  );
  const selectAccuracy = db.prepare<
    [string, string],
    { accuracy: number | null; attacks_json: string }
  >(
    `SELECT accuracy, attacks_json FROM fixed_accuracy
     WHERE model_id = ? AND threat_model_id = ?`,
  );
  const modelsUnder = db.prepare<[string], { id: string }>(
    "SELECT DISTINCT model_id AS id FROM evaluation WHERE threat_model_id = ?",
  );
  const modelsAfter = db
    .prepare<[string, number], string>(
      "SELECT DISTINCT model_id FROM evaluation WHERE model_id > ? ORDER BY model_id LIMIT ?",
    )
    .pluck();
  const removeOfModel = db.prepare<[string]>("DELETE FROM evaluation WHERE model_id = ?");
  const unfinished = db.prepare<[], { id: string }>(
    "SELECT id FROM evaluation WHERE state IN ('queued', 'attacking', 'verifying') ORDER BY id",
  );
  const threatCounts = db.prepare<[], { id: string; evaluations: number }>(
    `SELECT t.id, count(*) AS evaluations FROM evaluation e JOIN threat_model t ON t.id = e.threat_model_id
     GROUP BY 1 ORDER BY t.minimal DESC, 2 DESC, max(e.id) DESC`,
  );
  const fromRow = ({ summary_json, ...row }: Row): CatalogEvaluation => ({
    ...row,
    summary: fromNullableJson(summary_json),
  });

  return {
    addThreatModel(model: CatalogThreatModel): void {
      const { threat, sampleSet } = model;
      insertThreat.run({
        id: model.id,
        norm: threat.norm,
        minimal: threat.minimal ? 1 : 0,
        epsilon: threat.epsilon ?? null,
        low: threat.bounds[0],
        high: threat.bounds[1],
        targeted: threat.targeted ? 1 : 0,
        queries: threat.queries ?? null,
        datasetId: model.datasetId,
        split: sampleSet.split,
        samples: sampleSet.indexes.length,
        sampleSet: JSON.stringify(sampleSet),
      });
    },
    threatModel(id: string): CatalogThreatModel {
      const row = selectThreat.get(id);
      if (!row) throw new Error(`no threat model ${id}`);
      return {
        id,
        datasetId: row.datasetId,
        sampleSet: fromJson(row.sample_set_json),
        threat: {
          norm: row.norm,
          minimal: row.minimal === 1,
          ...(row.epsilon === null ? {} : { epsilon: row.epsilon }),
          bounds: [row.low, row.high],
          targeted: row.targeted === 1,
          ...(row.queries === null ? {} : { queries: row.queries }),
        },
      };
    },
    /** Threat models under which a model was evaluated, the newest first. */
    threatModelsOf(modelId: string): string[] {
      return threatsOfModel.all(modelId).map(({ id }) => id);
    },
    /** As the first of threatModelUse, on one dataset. */
    mostUsedThreatModelOn(datasetId: string): string | undefined {
      return mostUsedOnDataset.get(datasetId)?.id;
    },
    find(modelId: string, attackId: string, threatModelId: string): CatalogEvaluation | undefined {
      const row = find.get(modelId, attackId, threatModelId);
      return row && fromRow(row);
    },
    get(id: string): CatalogEvaluation {
      const row = byId.get(id);
      if (!row) throw new Error(`no evaluation ${id}`);
      return fromRow(row);
    },
    /** The id of the evaluation that an id, or the end of one, means. */
    search(text: string): string | undefined {
      return search.get({ end: text.toUpperCase() })?.id;
    },
    ofModel(modelId: string): CatalogEvaluation[] {
      return ofModel.all(modelId).map(fromRow);
    },
    add(modelId: string, attackId: string, threatModelId: string): string {
      const id = newId();
      insert.run(id, modelId, attackId, threatModelId, clock.now());
      events.append("evaluation.created", id, { model: modelId, attack: attackId });
      return id;
    },
    setState(
      id: string,
      state: EvaluationState,
      extra: { reason?: string; summary?: Record<string, unknown> | null } = {},
    ): void {
      const ended = state === "verified" || state === "failed" || state === "cancelled";
      setState.run({
        id,
        state,
        reason: extra.reason ?? null,
        endedAt: ended ? clock.now() : null,
        summary: toNullableJson(extra.summary),
      });
      events.append(`evaluation.${state}`, id, extra.reason ? { reason: extra.reason } : {});
    },
    /** Keeps the verified outcomes of an evaluation, in place of any it had. */
    replaceOutcomes(evaluationId: string, rows: readonly OutcomeRow[]): void {
      outcomes.replace(evaluationId, rows.map(storedOutcome));
    },
    /** The kept score of a model; none when anything that it was made of has changed since. */
    savedScore(modelId: string, setId: string, threatModelId: string): Score | undefined {
      const row = selectScore.get(modelId, setId, threatModelId);
      return row && fromJson(row.score_json);
    },
    /** The kept robust accuracy of a model; none when anything that it was made of has changed since. */
    savedAccuracy(modelId: string, threatModelId: string): FixedAccuracy | undefined {
      const row = selectAccuracy.get(modelId, threatModelId);
      return row && { accuracy: row.accuracy, attacks: fromJson(row.attacks_json) };
    },
    saveAccuracy(modelId: string, threatModelId: string, found: FixedAccuracy): void {
      upsertAccuracy.run(modelId, threatModelId, found.accuracy, JSON.stringify(found.attacks));
    },
    /** Models with an evaluation under a threat model, whatever its state. */
    modelsUnder(threatModelId: string): string[] {
      return modelsUnder.all(threatModelId).map(({ id }) => id);
    },
    /** Models with an evaluation, in the order of their ids, from behind `after` on. */
    modelsAfter(after: string, limit: number): string[] {
      return modelsAfter.all(after, limit);
    },
    /** Threat models with the number of evaluations under each: of smallest distances first, then the most used. */
    threatModelUse(): { id: string; evaluations: number }[] {
      return threatCounts.all();
    },
    unfinished(): string[] {
      return unfinished.all().map(({ id }) => id);
    },
    removeOfModel(modelId: string): number {
      return removeOfModel.run(modelId).changes;
    },
    saveScore: db.transaction((score: SavedScore) => {
      upsertScore.run({ ...score, score: JSON.stringify(score.score), now: clock.now() });
      const name = setName.get(score.setId);
      if (name === undefined) throw new Error(`no attack set ${score.setId}`);
      runValues.setScore(score.modelId, name, score.threatModelId, score.value);
    }),
  };
}

function storedOutcome({ verified, claim }: OutcomeRow): StoredOutcome {
  return {
    sample: verified.sample,
    label: verified.label,
    outcome: verified.outcome,
    verdict: verified.verdict,
    reason: verified.reason,
    detail: verified.detail,
    clean_pred: verified.clean_pred,
    clean_margin: verified.clean_margin,
    adv_pred: verified.adv_pred,
    adv_margin: verified.adv_margin,
    l0: verified.l0,
    l1: verified.l1,
    l2: verified.l2,
    linf: verified.linf,
    worst_case: verified.worst_case,
    claim_mismatch: verified.claim_mismatch ? 1 : 0,
    claimed_outcome: claim?.outcome ?? null,
    claimed_l2: claim?.l2 ?? null,
    forwards: claim?.forwards ?? null,
    backwards: claim?.backwards ?? null,
    queries_to_best: claim?.queries_to_best ?? null,
    grad_zero: flag(claim?.grad_zero),
    silent: flag(claim?.silent),
    milliseconds: claim?.ms ?? null,
  };
}

function flag(value: boolean | null | undefined): number | null {
  return value === null || value === undefined ? null : value ? 1 : 0;
}
