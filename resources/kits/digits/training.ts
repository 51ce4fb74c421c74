import { createNetwork, parameterCount } from "./architecture.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { collectGradient, createSharedWork } from "./gradient.ts";
import { createGradientThreads } from "./gradient-threads.ts";
import type { losses } from "./nn/losses.ts";
import { optimisers } from "./nn/optimisers.ts";
import { createRandom, shuffle } from "./random.ts";
import type { Digits } from "./run-folder.ts";

export interface TrainingSettings {
  /** Of the first step; it falls to zero along a cosine (Loshchilov and Hutter 2017). */
  learningRate: number;
  loss: keyof typeof losses;
  optimiser: keyof typeof optimisers;
  /** Whether the later half of the epochs learns from perturbed digits. */
  adversarial: boolean;
  /** The largest L2 norm of these perturbations. */
  epsilon: number;
  epochs: number;
  seed: number;
}

/** Where training stands after some minibatches. */
export interface Progress {
  /** Minibatches since the start of training. */
  step: number;
  /** Epochs since the start, with a fraction. */
  epoch: number;
  /** Means since the last progress, on the digits as they were learnt from. */
  loss: number;
  accuracy: number;
  learningRate: number;
  /** Whether these digits were perturbed. */
  perturbed: boolean;
  /** After the last minibatch of an epoch; its arrays are overwritten by the next step. */
  checkpoint: Checkpoint | null;
}

const batchSize = 32;
/** Projected gradient steps per perturbed digit. */
const adversarySteps = 2;
/** Minibatches between two reports. */
const reportInterval = 25;

/** How long the arrays of a checkpoint are. */
export function checkpointLengths(settings: Pick<TrainingSettings, "optimiser">) {
  return {
    parameters: parameterCount,
    optimiser: optimisers[settings.optimiser](parameterCount).state.length,
  };
}

/**
 * Trains the network epoch by epoch, from `resume` on where it is given. What comes out depends on
 * the settings and the digits only, not on the number of threads nor on interruptions.
 */
export async function* trainNetwork(
  digits: Digits,
  settings: TrainingSettings,
  threadCount: number,
  resume: Checkpoint | null,
): AsyncGenerator<Progress, void, void> {
  const adversary = settings.adversarial
    ? { epsilon: settings.epsilon, steps: adversarySteps }
    : null;
  const work = createSharedWork({ digits, loss: settings.loss, adversary }, batchSize);
  const optimiser = optimisers[settings.optimiser](parameterCount);
  if (resume) {
    work.parameters.set(resume.parameters);
    optimiser.state.set(resume.optimiser);
  } else createNetwork(work.parameters).initialise(createRandom(settings.seed));

  const gradient = new Float64Array(parameterCount);
  const stepsPerEpoch = Math.ceil(digits.count / batchSize);
  const totalSteps = settings.epochs * stepsPerEpoch;
  const threads = createGradientThreads(work, threadCount);
  try {
    for (let epoch = resume?.epoch ?? 0; epoch < settings.epochs; epoch++) {
      // The first half on clean digits: a network that knows nothing yet learns little from
      // perturbed ones, which cost three times as much.
      const perturbed = settings.adversarial && epoch >= Math.floor(settings.epochs / 2);
      // Each epoch has its own order, so that a resumed training sees the same one.
      for (let i = 0; i < digits.count; i++) work.order[i] = i;
      shuffle(work.order, createRandom(settings.seed, epoch + 1));
      let sum = { loss: 0, correct: 0, count: 0 };
      for (let batch = 0; batch < stepsPerEpoch; batch++) {
        const start = batch * batchSize;
        const end = Math.min(start + batchSize, digits.count);
        const minibatch = { start, end, perturbed };
        await threads.compute(minibatch);
        const { loss, correct } = collectGradient(work, minibatch, gradient);
        sum = {
          loss: sum.loss + loss,
          correct: sum.correct + correct,
          count: sum.count + end - start,
        };
        const done = epoch * stepsPerEpoch + batch;
        const learningRate =
          settings.learningRate * 0.5 * (1 + Math.cos((Math.PI * done) / totalSteps));
        optimiser.step(work.parameters, gradient, learningRate);

        const last = batch + 1 === stepsPerEpoch;
        if (!last && (batch + 1) % reportInterval !== 0) continue;
        yield {
          step: done + 1,
          epoch: (done + 1) / stepsPerEpoch,
          loss: sum.loss / sum.count,
          accuracy: sum.correct / sum.count,
          learningRate,
          perturbed,
          checkpoint: last
            ? { epoch: epoch + 1, parameters: work.parameters, optimiser: optimiser.state }
            : null,
        };
        sum = { loss: 0, correct: 0, count: 0 };
      }
    }
  } finally {
    await threads.close();
  }
}
