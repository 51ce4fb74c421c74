/**
 * A loss of one sample: returns its value and writes its gradient with respect to the logits
 * (length: number of classes) to `dLogits`.
 */
export type Loss = (logits: Float64Array, label: number, dLogits: Float64Array) => number;

/** -log softmax(logits)[label]; the gradient is softmax(logits) - onehot(label). */
export const crossEntropy: Loss = (logits, label, dLogits) => {
  let top = -Infinity;
  for (const logit of logits) if (logit > top) top = logit;
  let sum = 0;
  for (let k = 0; k < logits.length; k++) sum += dLogits[k] = Math.exp(logits[k] - top);
  for (let k = 0; k < logits.length; k++) dLogits[k] /= sum;
  dLogits[label] -= 1;
  return Math.log(sum) + top - logits[label];
};

/**
 * The multi-class hinge max(0, 1 + max over k != label of logits[k] - logits[label]) (Crammer and
 * Singer 2001, section 3): nothing more is asked once the margin is 1.
 */
export const margin: Loss = (logits, label, dLogits) => {
  let rival = -1;
  for (let k = 0; k < logits.length; k++)
    if (k !== label && (rival < 0 || logits[k] > logits[rival])) rival = k;
  dLogits.fill(0);
  const loss = 1 + logits[rival] - logits[label];
  if (loss <= 0) return 0;
  dLogits[rival] = 1;
  dLogits[label] = -1;
  return loss;
};

export const losses = { "cross-entropy": crossEntropy, margin } as const;
