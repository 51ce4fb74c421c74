/**
 * Weights of the logits whose gradient points where the cross-entropy grows fastest: the softmax
 * over the other classes, minus one for the label. The gradient of -log softmax(logits)[label] is
 * this times 1 - softmax(logits)[label]; without that factor it does not vanish in float32 for a
 * model that is very sure, and only its direction is used here.
 */
export function crossEntropyWeights(logits: Float32Array, label: number): Float32Array {
  let top = -Infinity;
  for (let k = 0; k < logits.length; k++) if (k !== label) top = Math.max(top, logits[k]);
  const weights = new Float32Array(logits.length);
  let sum = 0;
  for (let k = 0; k < logits.length; k++) {
    if (k === label) continue;
    weights[k] = Math.exp(logits[k] - top);
    sum += weights[k];
  }
  for (let k = 0; k < logits.length; k++) weights[k] /= sum;
  weights[label] = -1;
  return weights;
}
