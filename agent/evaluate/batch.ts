/** Attacking one batch of samples: a group, or for a `command` attack all groups together. */
import { join } from "node:path";
import { GauntletError } from "../../shared/errors.ts";
import type { ThreatModel } from "../../shared/schemas/threat-model.ts";
import type { SampleRecord } from "../../shared/schemas/samples.ts";
import type { AttackRunner, Batch } from "./attack-runner.ts";
import { AttackError } from "./attack-runner.ts";
import type { Claims } from "./claims.ts";
import { readClaims } from "./claims.ts";
import { Gate } from "./gate.ts";
import type { Group, GroupSetting } from "./group.ts";
import type { Attacked } from "./records.ts";
import { attackedRecord } from "./records.ts";
import type { Settled } from "./settle.ts";
import { settle } from "./settle.ts";

export type Setting = GroupSetting & { threat: ThreatModel; attackOut: string };

export type BatchResult = {
  /** Per group the records of its attacked samples, in order. */
  records: SampleRecord[][];
  /** Why the attack failed on this batch, or null. */
  error: string | null;
};

/** Attacks the groups' samples as one batch and puts what was found into the groups' rows. */
export async function attackBatch(
  setting: Setting,
  runner: AttackRunner,
  groups: Group[],
): Promise<BatchResult> {
  const batch = batchOf(setting, groups);
  const { model, threat, samples } = setting;
  const n = batch.ids.length;
  if (n === 0) return { records: groups.map(() => []), error: null };
  const rules = {
    access: setting.attack.access,
    norm: threat.norm,
    bounds: threat.bounds,
    queries: threat.queries ?? null,
    size: samples.size,
  };
  const gate = new Gate(model, rules, batch.x, batch.labels);
  const started = performance.now();
  const { returned, error } = await runAttack(runner, batch, gate);
  const ms = (performance.now() - started) / n;
  const claims = setting.attack.command && returned ? await claimsOf(setting, batch.ids) : null;

  const records: SampleRecord[][] = [];
  let from = 0;
  for (const group of groups) {
    const to = from + group.attacked.length;
    const mine = returned?.subarray(from * samples.size, to * samples.size);
    const options = { model, threat, x: batch.x, labels: batch.labels, size: samples.size };
    const settled = mine && to > from ? await settle(options, gate, mine, from, to) : [];
    keepRows(group, settled, samples.size);
    const first = from;
    records.push(
      group.attacked.map((position, i) => {
        const sample = group.samples[position - group.from];
        const account = gate.accounts[first + i];
        if (!sample || !account) throw new RangeError(`no sample at position ${position}`);
        const attacked: Attacked = {
          account,
          spent: gate.isSpent(first + i),
          gradZero: group.gradZero[i] ?? null,
          ms,
          settled: settled[i] ?? null,
          error,
          claim: claims?.bySample.get(sample.sample) ?? null,
        };
        return attackedRecord(sample, attacked);
      }),
    );
    from = to;
  }
  return { records, error };
}

function batchOf({ samples, seeds, attack, threat }: Setting, groups: Group[]): Batch {
  const positions = groups.flatMap((group) => group.attacked);
  const [only] = groups;
  const single = groups.length === 1 && only;
  const x = single ? only.x : new Float32Array(positions.length * samples.size);
  if (!single) {
    let at = 0;
    for (const group of groups) {
      x.set(group.x, at);
      at += group.x.length;
    }
  }
  return {
    ids: positions.map((position) => samples.ids[position] ?? ""),
    seeds: positions.map((position) => seeds[position] ?? 0),
    x,
    labels: Int32Array.from(positions, (position) => samples.labels[position] ?? -1),
    shape: samples.shape,
    bounds: threat.bounds,
    classes: samples.classes,
    epsilon: threat.epsilon ?? null,
    options: attack.options,
  };
}

async function runAttack(
  runner: AttackRunner,
  batch: Batch,
  gate: Gate,
): Promise<{ returned: Float32Array | null; error: string | null }> {
  try {
    return { returned: await runner.attack(batch, gate), error: null };
  } catch (error) {
    // Attacks are other people's code: the stack is for them, the message goes into the records.
    const told = error instanceof AttackError || error instanceof GauntletError;
    if (!told) console.error(error);
    return { returned: null, error: error instanceof Error ? error.message : String(error) };
  } finally {
    gate.close();
  }
}

async function claimsOf(setting: Setting, ids: string[]): Promise<Claims> {
  const claims = await readClaims(join(setting.attackOut, "samples.jsonl"), new Set(ids));
  const { badLines, unknownLines } = claims;
  if (badLines > 0) console.log(`${badLines} lines of out/attack/samples.jsonl are no claims.`);
  if (unknownLines > 0)
    console.log(`${unknownLines} lines of out/attack/samples.jsonl name no attacked sample.`);
  return claims;
}

function keepRows(group: Group, settled: Settled[], size: number): void {
  let outside = 0;
  settled.forEach((sample, i) => {
    const position = group.attacked[i];
    if (sample.found && position !== undefined)
      group.rows.set(sample.found.row, (position - group.from) * size);
    if (sample.outside) outside++;
  });
  if (outside > 0) console.log(`${outside} returned rows leave the bounds and do not count.`);
}
