/** An evaluate job: one attack against one model, sample by sample, in fixed groups. */
import { appendFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sampleSeed } from "../../core/domain/seed.ts";
import { GauntletError } from "../../shared/errors.ts";
import { attackLabel } from "../../shared/schemas/attack.ts";
import type { SampleRecord } from "../../shared/schemas/samples.ts";
import type { Model } from "../model/model.ts";
import { openModel } from "../model/model.ts";
import { NpyFileWriter } from "../npy-file.ts";
import { checkInput, readJob } from "../program.ts";
import type { RunFolder } from "../run-folder.ts";
import type { Samples } from "../samples.ts";
import { groupsOf, openSamples } from "../samples.ts";
import type { AttackRunner } from "./attack-runner.ts";
import { openAttack } from "./attack-runner.ts";
import type { BatchResult, Setting } from "./batch.ts";
import { attackBatch } from "./batch.ts";
import type { Group } from "./group.ts";
import { prepareGroup } from "./group.ts";
import { misclassifiedRecord, Summary } from "./records.ts";

/** Does the job in `folder`; gives the exit status. */
export async function evaluate(folder: RunFolder): Promise<number> {
  const started = performance.now();
  const job = await readJob(folder, "evaluate");
  const { attack } = job;
  if (!attack) throw new GauntletError("USAGE", "job.json names no attack.");
  const samples = await openSamples(folder.dataset, job.samples);
  checkInput(job, samples);
  const model = await openModel(job.model, folder, samples.size, samples.classes);
  let runner: AttackRunner | null = null;
  try {
    runner = await openAttack(attack, folder);
    const label = attackLabel(attack);
    const setting: Setting = {
      model,
      samples,
      attack,
      threat: job.threatModel,
      seeds: samples.ids.map((id) => sampleSeed(job.seed, label, id)),
      attackOut: folder.attackOut,
    };
    const results = await Results.create(folder, samples);
    const failures = await attackGroups(setting, runner, results);
    await results.finish((performance.now() - started) / 1000);
    return exitStatus(failures, model);
  } finally {
    await runner?.close();
    await model.close();
    await samples.close();
  }
}

type Failures = { attacked: number; failed: number };

/**
 * A `load` attack gets group after group; a `command` runs once, so all groups are put before it
 * together. What a group holds is the same either way.
 */
async function attackGroups(
  setting: Setting,
  runner: AttackRunner,
  results: Results,
): Promise<Failures> {
  const { samples, attack } = setting;
  const ranges = groupsOf(samples.count);
  const batches = attack.command ? [ranges] : ranges.map((range) => [range]);
  const failures: Failures = { attacked: 0, failed: 0 };
  for (const batch of batches) {
    const groups: Group[] = [];
    for (const { from, to } of batch) groups.push(await prepareGroup(setting, from, to));
    const result = await attackBatch(setting, runner, groups);
    for (const [i, group] of groups.entries())
      await results.add(group, recordsOf(group, result, i), result);
    if (groups.every((group) => group.attacked.length === 0)) continue;
    failures.attacked++;
    if (result.error !== null) failures.failed++;
  }
  return failures;
}

/** Failing on some groups is a result; failing on all, or without a model to ask, is not. */
function exitStatus({ attacked, failed }: Failures, model: Model): number {
  const gone = model.gone();
  if (gone !== null) console.error(gone);
  const nothingDone = attacked > 0 && failed === attacked;
  return gone !== null || nothingDone ? 1 : 0;
}

/** The records of all samples of a group, attacked or not, in order. */
function recordsOf(group: Group, result: BatchResult, groupIndex: number): SampleRecord[] {
  const attacked = result.records[groupIndex] ?? [];
  const byPosition = new Map(group.attacked.map((position, i) => [position, attacked[i]]));
  return group.samples.map(
    (sample, i) => byPosition.get(group.from + i) ?? misclassifiedRecord(sample),
  );
}

/** The result files, written group by group. */
class Results {
  readonly #out: string;
  readonly #array: NpyFileWriter;
  readonly #summary = new Summary();
  readonly #count: number;

  private constructor(out: string, array: NpyFileWriter, count: number) {
    this.#out = out;
    this.#array = array;
    this.#count = count;
  }

  static async create(folder: RunFolder, samples: Samples): Promise<Results> {
    const { out } = folder;
    await mkdir(out, { recursive: true });
    await rm(join(out, "samples.jsonl"), { force: true });
    const path = join(out, "adversarial.npy");
    return new Results(
      out,
      await NpyFileWriter.create(path, samples.count, samples.shape),
      samples.count,
    );
  }

  async add(group: Group, records: SampleRecord[], result: BatchResult): Promise<void> {
    for (const record of records) this.#summary.add(record);
    await this.#array.writeRows(group.from, group.rows);
    const lines = records.map((record) => `${JSON.stringify(record)}\n`).join("");
    await appendFile(join(this.#out, "samples.jsonl"), lines);
    const { attacked, fooled } = this.#summary;
    const point = { step: group.to, time: Date.now() / 1000, attacked, fooled };
    await appendFile(join(this.#out, "metrics.jsonl"), `${JSON.stringify(point)}\n`);
    const [reason] = (result.error ?? "").split("\n", 1);
    const failed = result.error === null ? "" : `, the attack failed: ${reason}`;
    console.log(`${group.to}/${this.#count} samples, ${fooled} of ${attacked} fooled${failed}`);
  }

  async finish(seconds: number): Promise<void> {
    await this.#array.close();
    const summary = JSON.stringify(this.#summary.toJson(seconds), null, 2);
    await writeFile(join(this.#out, "summary.json"), `${summary}\n`);
  }
}
