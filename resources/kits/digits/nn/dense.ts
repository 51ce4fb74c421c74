import { normal } from "../random.ts";
import type { Layer } from "./layer.ts";

/**
 * y = W x + b. Parameters: weights outputSize x inputSize, then outputSize biases.
 */
export function dense(inputSize: number, outputSize: number): Layer {
  const weightCount = inputSize * outputSize;

  return {
    inputSize,
    outputSize,
    parameterCount: weightCount + outputSize,
    initialise(parameters, random) {
      // Glorot and Bengio 2010, equation 12 (as a normal): for a layer without ReLU after it.
      const deviation = Math.sqrt(2 / (inputSize + outputSize));
      for (let i = 0; i < weightCount; i++) parameters[i] = deviation * normal(random);
      parameters.fill(0, weightCount);
    },
    forward(w, x, y) {
      let k = 0;
      for (let o = 0; o < outputSize; o++) {
        let sum = w[weightCount + o];
        for (let i = 0; i < inputSize; i++) sum += w[k++] * x[i];
        y[o] = sum;
      }
    },
    backward(w, x, dy, dx, gradient) {
      dx?.fill(0);
      for (let o = 0; o < outputSize; o++) {
        const g = dy[o];
        if (g === 0) continue;
        const k = o * inputSize;
        if (gradient) {
          gradient[weightCount + o] += g;
          for (let i = 0; i < inputSize; i++) gradient[k + i] += g * x[i];
        }
        if (dx) for (let i = 0; i < inputSize; i++) dx[i] += g * w[k + i];
      }
    },
  };
}
