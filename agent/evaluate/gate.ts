/**
 * The gate stands between an attack and the model: it lets through what the attack's access allows,
 * counts every row for its sample, ends a sample's budget, and keeps the closest adversarial that
 * the model has seen, so that nothing found is lost (AttackBench, arXiv:2404.19460, does the same).
 */
import { checkBounds, clipToBounds, distancesBetween } from "../../core/domain/distance.ts";
import type { Access } from "../../shared/schemas/attack.ts";
import type { Norm } from "../../shared/schemas/threat-model.ts";
import type { AttackModel } from "../attack-interface.ts";
import type { Model } from "../model/model.ts";
import { predictionOf } from "../model/predictions.ts";

/** A call that the attack's access does not allow. */
export class AccessError extends Error {
  override readonly name = "AccessError";
}

/** A call that is not as the contract says, such as one with too few rows. */
export class CallError extends Error {
  override readonly name = "CallError";
}

export type GateRules = {
  access: Access;
  norm: Norm;
  bounds: [number, number];
  /** Forwards plus backwards allowed per sample; null: no limit. */
  queries: number | null;
  /** D, the number of values of one sample. */
  size: number;
};

/** The closest adversarial seen of one sample. */
export type BestSeen = {
  row: Float32Array;
  /** In the threat model's norm. */
  distance: number;
  pred: number;
  /** Logit of the largest wrong class minus that of the label: positive. */
  margin: number;
  /** Forwards plus backwards spent on the sample when it was seen. */
  queries: number;
};

export type SampleAccount = {
  forwards: number;
  backwards: number;
  /** Whether the model gave a logit that is not finite. */
  nonfinite: boolean;
  best: BestSeen | null;
};

const allowed: Record<keyof AttackModel, readonly Access[]> = {
  logits: ["white-box", "score-based"],
  predict: ["white-box", "score-based", "decision-based"],
  vjp: ["white-box"],
};

/** The gate for one batch of samples. */
export class Gate implements AttackModel {
  /** What was spent on and found for each sample of the batch. */
  readonly accounts: readonly SampleAccount[];
  readonly #model: Model;
  readonly #rules: GateRules;
  readonly #x: Float32Array;
  readonly #labels: Int32Array;
  #closed = false;

  /**
   * @param x n*D clean samples, which the gate keeps and never hands out
   * @param labels their n labels
   */
  constructor(model: Model, rules: GateRules, x: Float32Array, labels: Int32Array) {
    this.#model = model;
    this.#rules = rules;
    this.#x = x;
    this.#labels = labels;
    this.accounts = Array.from(labels, () => ({
      forwards: 0,
      backwards: 0,
      nonfinite: false,
      best: null,
    }));
  }

  get access(): Access {
    return this.#rules.access;
  }

  get classes(): number {
    return this.#model.classes;
  }

  /** Refuses every later call: the batch is over, its accounts are final. */
  close(): void {
    this.#closed = true;
  }

  /** Whether a sample has a budget and has spent it. */
  isSpent(sample: number): boolean {
    const account = this.accounts[sample];
    return account !== undefined && this.#left(account) <= 0;
  }

  async logits(x: Float32Array, rows?: ArrayLike<number>): Promise<Float32Array> {
    const { classes } = this.#model;
    const samples = this.#admit("logits", x, rows);
    const granted = this.#charge(samples, "forwards");
    const answer = await this.#forward(x, samples, granted);
    if (granted.length === samples.length) return answer;
    const logits = new Float32Array(samples.length * classes).fill(Number.NaN);
    granted.forEach(({ row }, i) =>
      logits.set(answer.subarray(i * classes, (i + 1) * classes), row * classes),
    );
    return logits;
  }

  async predict(x: Float32Array, rows?: ArrayLike<number>): Promise<Int32Array> {
    const samples = this.#admit("predict", x, rows);
    const granted = this.#charge(samples, "forwards");
    const answer = await this.#forward(x, samples, granted);
    const predictions = new Int32Array(samples.length).fill(-1);
    granted.forEach(({ row }, i) => {
      predictions[row] = predictionOf(answer, i, this.#model.classes, 0).pred;
    });
    return predictions;
  }

  async vjp(x: Float32Array, d: Float32Array, rows?: ArrayLike<number>): Promise<Float32Array> {
    const { classes, vjp } = this.#model;
    const { size } = this.#rules;
    const samples = this.#admit("vjp", x, rows);
    if (d.length !== samples.length * classes)
      throw new CallError(
        `vjp: d has ${d.length} values; ${samples.length} rows of ${classes} are right.`,
      );
    if (!vjp) throw new AccessError("This model gives no gradients: it has no vjp.");
    const granted = this.#charge(samples, "backwards");
    if (granted.length === 0) return new Float32Array(x.length);
    if (granted.length === samples.length) return await vjp(x, d, samples.length);
    const answer = await vjp(
      pickRows(x, granted, size),
      pickRows(d, granted, classes),
      granted.length,
    );
    const gradients = new Float32Array(x.length);
    granted.forEach(({ row }, i) =>
      gradients.set(answer.subarray(i * size, (i + 1) * size), row * size),
    );
    return gradients;
  }

  /** Checks a call and tells which sample each of its rows belongs to. */
  #admit(call: keyof AttackModel, x: Float32Array, rows?: ArrayLike<number>): number[] {
    const { access, size } = this.#rules;
    if (this.#closed) throw new CallError(`${call}: this batch of samples is over.`);
    if (!allowed[call].includes(access))
      throw new AccessError(`${call} is not open to a ${access} attack.`);
    if (!(x instanceof Float32Array)) throw new CallError(`${call}: x is not a Float32Array.`);
    const n = this.accounts.length;
    const m = x.length / size;
    const samples = rows ? Array.from(rows) : Array.from({ length: n }, (_, i) => i);
    if (samples.length !== m)
      throw new CallError(
        `${call}: x has ${x.length} values; ${samples.length} rows of ${size} are right.` +
          (rows ? "" : " Give rows to ask about more or fewer than the whole batch."),
      );
    const strange = samples.find(
      (sample) => !Number.isInteger(sample) || sample < 0 || sample >= n,
    );
    if (strange !== undefined)
      throw new CallError(`${call}: rows has ${strange}; the batch has samples 0 to ${n - 1}.`);
    return samples;
  }

  /** Charges row after row, before the model is asked, so that no two calls spend the same rest. */
  #charge(samples: number[], kind: "forwards" | "backwards"): GrantedRow[] {
    const granted: GrantedRow[] = [];
    samples.forEach((sample, row) => {
      const account = this.accounts[sample];
      if (!account || this.#left(account) <= 0) return;
      account[kind]++;
      granted.push({ row, sample, account, queries: account.forwards + account.backwards });
    });
    return granted;
  }

  #left(account: SampleAccount): number {
    const { queries } = this.#rules;
    return queries === null ? Infinity : queries - account.forwards - account.backwards;
  }

  /** Logits of the granted rows, in their order. */
  async #forward(x: Float32Array, samples: number[], granted: GrantedRow[]): Promise<Float32Array> {
    if (granted.length === 0) return new Float32Array();
    const { size } = this.#rules;
    const all = granted.length === samples.length;
    const asked = all ? x : pickRows(x, granted, size);
    const logits = await this.#model.logits(asked, granted.length);
    granted.forEach((grant, i) =>
      this.#look(grant, asked.subarray(i * size, (i + 1) * size), logits, i),
    );
    return logits;
  }

  /** Keeps the row if it is the closest adversarial of its sample so far. */
  #look(grant: GrantedRow, row: Float32Array, logits: Float32Array, at: number): void {
    const { sample, account, queries } = grant;
    const { bounds, norm, size } = this.#rules;
    const label = this.#labels[sample] ?? -1;
    const { pred, margin, finite } = predictionOf(logits, at, this.#model.classes, label);
    if (!finite) account.nonfinite = true;
    if (pred === label || pred === -1 || checkBounds(row, bounds) !== "inside") return;
    const clean = this.#x.subarray(sample * size, (sample + 1) * size);
    const distance = distancesBetween(clean, row)[norm];
    if (account.best && distance >= account.best.distance) return;
    const kept = account.best?.row ?? new Float32Array(size);
    kept.set(row);
    clipToBounds(kept, bounds);
    account.best = { row: kept, distance, pred, margin: -margin, queries };
  }
}

type GrantedRow = { row: number; sample: number; account: SampleAccount; queries: number };

function pickRows(values: Float32Array, granted: GrantedRow[], size: number): Float32Array {
  const picked = new Float32Array(granted.length * size);
  granted.forEach(({ row }, i) =>
    picked.set(values.subarray(row * size, (row + 1) * size), i * size),
  );
  return picked;
}
