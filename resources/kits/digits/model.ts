/** How anyone asks a model of this kit: `load`, named in gauntlet.yaml as model.load. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { classCount, createNetwork, parameterCount } from "./architecture.ts";
import type { Network } from "./nn/network.ts";
import { readNpy, writeNpy } from "./npy.ts";

const pixels = 28 * 28;
/** How many rows' activations are kept; each takes about 50 kB. */
const slots = 128;

export interface Model {
  /** `n` rows of 784 numbers in [0, 1] -> n rows of 10 logits. */
  logits(x: Float32Array, n: number): Float32Array;
  /** The gradient with respect to `x` of sum(d * logits(x)): n rows of 784. `d` is n rows of 10. */
  vjp(x: Float32Array, d: Float32Array, n: number): Float32Array;
}

/** Writes a folder that `load` reads. Weights are stored in float32. */
export function saveModel(folder: string, parameters: Float64Array): void {
  mkdirSync(folder, { recursive: true });
  const weights = Float32Array.from(parameters);
  writeNpy(join(folder, "weights.npy"), { shape: [weights.length], data: weights });
  const description = {
    kit: "digits",
    version: 1,
    classes: classCount,
    parameters: weights.length,
  };
  writeFileSync(join(folder, "model.json"), `${JSON.stringify(description, null, 2)}\n`);
}

/**
 * Loads a model.
 *
 * @param folder what train.ts left in out/model/.
 * @throws Error when the folder holds something else.
 */
export function load(folder: string): Model {
  const description: unknown = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
  const { data } = readNpy(join(folder, "weights.npy"));
  const version =
    typeof description === "object" && description && "version" in description
      ? description.version
      : undefined;
  if (version !== 1 || data.length !== parameterCount)
    throw new Error(`${folder} does not hold a model of this version of the digits kit`);
  return createModel(Float64Array.from(data));
}

/**
 * A model with these parameters. Each row has a network of its own, so that rows never meet, and
 * so that an attack which asks for logits and then for gradients at the same points does not pay
 * for the forward pass twice.
 */
export function createModel(parameters: Float64Array): Model {
  const networks: Network[] = [];
  let next = 0;

  /** A network that has just run forward on this row. */
  function run(x: Float32Array, row: number): Network {
    const network = (networks[next] ??= createNetwork(parameters));
    next = (next + 1) % slots;
    const { input } = network;
    for (let i = 0; i < pixels; i++) input[i] = x[row * pixels + i];
    network.forward();
    return network;
  }

  /** The network of an earlier row with exactly these numbers, looked for from `from` on. */
  function find(x: Float32Array, row: number, from: number): number {
    for (let tried = 0; tried < networks.length; tried++) {
      const slot = (from + tried) % networks.length;
      const { input } = networks[slot];
      let i = 0;
      while (i < pixels && input[i] === x[row * pixels + i]) i++;
      if (i === pixels) return slot;
    }
    return -1;
  }

  return {
    logits(x, n) {
      const logits = new Float32Array(n * classCount);
      for (let row = 0; row < n; row++) logits.set(run(x, row).logits, row * classCount);
      return logits;
    },
    vjp(x, d, n) {
      const gradients = new Float32Array(n * pixels);
      const dLogits = new Float64Array(classCount);
      // Gradients are asked for in the order of the logits before, so look after the last match.
      let from = next;
      for (let row = 0; row < n; row++) {
        const slot = find(x, row, from);
        const network = slot < 0 ? run(x, row) : networks[slot];
        if (slot >= 0) from = slot + 1;
        for (let k = 0; k < classCount; k++) dLogits[k] = d[row * classCount + k];
        gradients.set(network.inputGradient(dLogits), row * pixels);
      }
      return gradients;
    },
  };
}
