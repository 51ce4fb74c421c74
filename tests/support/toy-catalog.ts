import { createCatalog, type Catalog } from "../../core/catalog/catalog.ts";
import type { OutcomeRow } from "../../core/domain/outcome.ts";
import { createIdSource } from "../../core/platform/ids.ts";
import { updateScores } from "../../core/services/scores.ts";
import { attackSchema } from "../../shared/schemas/attack.ts";
import { datasetSchema, sampleId } from "../../shared/schemas/dataset.ts";
import { type ThreatModel, threatModelSchema } from "../../shared/schemas/threat-model.ts";

const clock = { now: () => Date.now() };

/** The catalog of a folder, without a core around it. */
export function openToyCatalog(folder: string): Catalog {
  return createCatalog(
    folder,
    clock,
    createIdSource(
      () => clock.now(),
      () => null,
    ),
  );
}

export type Toy = { models: string[]; attacks: string[]; threatModelId: string };

/**
 * Models `model-0`..., attacks `attack-0`..., the active set `five` of the first five, the set `all`,
 * and a threat model over the first samples of a split, whose label is their index modulo `classes`.
 */
export function fillToyCatalog(
  catalog: Catalog,
  size: { models: number; attacks: number; samples: number; classes: number },
  threat: Partial<ThreatModel> = {},
): Toy {
  const threatModelId = "threat";
  return catalog.transaction(() => {
    const datasetId = catalog.datasets.add({
      name: "toy",
      version: "1",
      hash: "dataset",
      folder: "/nowhere",
      size: 0,
      manifest: datasetSchema.parse({
        name: "toy",
        version: "1",
        classes: Array.from({ length: size.classes }, (_, label) => String(label)),
        input: { shape: [1, 28, 28], layout: "NCHW", bounds: [0, 1] },
        splits: { test: { images: "x.npy", labels: "y.npy", count: size.samples } },
      }),
    });
    const indexes = Array.from({ length: size.samples }, (_, index) => index);
    catalog.evaluations.addThreatModel({
      id: threatModelId,
      threat: threatModelSchema.parse(threat),
      datasetId,
      sampleSet: { split: "test", indexes, hash: "samples" },
    });
    const tree = { hash: "tree", files: [] };
    const attacks = Array.from({ length: size.attacks }, (_, index) => {
      const attack = { name: `attack-${index}`, version: "1", norm: "l2", access: "white-box" };
      return catalog.attacks.add(attackSchema.parse({ ...attack, load: "a.py:attack" }), tree).id;
    });
    catalog.attacks.activate(catalog.attacks.addSet("five", "2026-01-01", attacks.slice(0, 5)));
    catalog.attacks.addSet("all", "2026-01-01", attacks);
    const models = Array.from({ length: size.models }, (_, index) =>
      catalog.models.add({
        name: `model-${index}`,
        runId: null,
        tree,
        codeTree: tree.hash,
        interface: null,
        datasetId,
      }),
    );
    return { models, attacks, threatModelId };
  });
}

/** What a verify job says of a sample that was fooled at an L2 distance of 1, changed by `over`. */
export function outcomeRow(
  index: number,
  over: Partial<OutcomeRow["verified"]> = {},
  claim: Partial<NonNullable<OutcomeRow["claim"]>> = {},
): OutcomeRow {
  const common = {
    sample: sampleId("test", index),
    index,
    label: 0,
    clean_pred: 0,
    clean_margin: 2.5,
    outcome: "fooled",
    adv_pred: 1,
    adv_margin: 0.01,
    l0: 700,
    l1: 12.5,
    l2: 1,
    linf: 0.1,
  } as const;
  return {
    verified: {
      ...common,
      verdict: "verified",
      reason: null,
      detail: null,
      worst_case: 20,
      claim_mismatch: false,
      ...over,
    },
    claim: {
      ...common,
      start_l2: null,
      forwards: 10,
      backwards: 9,
      queries_to_best: 8,
      grad_zero: false,
      nonfinite: false,
      silent: false,
      reproducible: true,
      seed: 1,
      ms: 0.25,
      ...claim,
    },
  };
}

/** Ends a verification as core/services/chain.ts does. */
export function keepOutcomes(catalog: Catalog, evaluation: string, rows: OutcomeRow[]): void {
  catalog.transaction(() => {
    catalog.evaluations.replaceOutcomes(evaluation, rows);
    catalog.evaluations.setState(evaluation, "verified");
    updateScores({ catalog }, catalog.evaluations.get(evaluation));
  });
}
