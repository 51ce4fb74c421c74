/** Changes parameters by their gradient. Its state goes into checkpoints. */
export interface Optimiser {
  /** Everything it remembers between steps; write to it to resume. */
  readonly state: Float64Array;
  step(parameters: Float64Array, gradient: Float64Array, learningRate: number): void;
}

/**
 * Adam (Kingma and Ba 2015, arXiv:1412.6980, algorithm 1) with the paper's constants.
 * State: first moments, second moments, number of steps.
 */
export function adam(count: number): Optimiser {
  const state = new Float64Array(2 * count + 1);
  const first = state.subarray(0, count);
  const second = state.subarray(count, 2 * count);
  const [beta1, beta2, tiny] = [0.9, 0.999, 1e-8];
  return {
    state,
    step(parameters, gradient, learningRate) {
      const steps = (state[2 * count] += 1);
      const bias1 = 1 - beta1 ** steps;
      const bias2 = 1 - beta2 ** steps;
      for (let i = 0; i < count; i++) {
        const g = gradient[i];
        const m = (first[i] = beta1 * first[i] + (1 - beta1) * g);
        const v = (second[i] = beta2 * second[i] + (1 - beta2) * g * g);
        parameters[i] -= (learningRate * (m / bias1)) / (Math.sqrt(v / bias2) + tiny);
      }
    },
  };
}

/** Stochastic gradient descent with momentum 0.9 (Polyak 1964). State: the velocity. */
export function sgd(count: number): Optimiser {
  const state = new Float64Array(count);
  return {
    state,
    step(parameters, gradient, learningRate) {
      for (let i = 0; i < count; i++) {
        state[i] = 0.9 * state[i] + gradient[i];
        parameters[i] -= learningRate * state[i];
      }
    },
  };
}

export const optimisers = { adam, sgd } as const;
