/** What logits say. */

/** A prediction and its margin for one sample. */
export type Prediction = {
  /** The class with the largest logit (the first of equals); -1 when a logit is NaN. */
  pred: number;
  /**
   * Logit of the label minus the largest other logit: positive when the label is predicted.
   * NaN or infinite when logits are.
   */
  margin: number;
  /** The largest absolute logit, to judge margins by. */
  scale: number;
  /** False when a logit is NaN or infinite. */
  finite: boolean;
};

/** Reads row `row` of logits with `classes` columns. */
export function predictionOf(
  logits: Float32Array,
  row: number,
  classes: number,
  label: number,
): Prediction {
  let pred = 0;
  let best = -Infinity;
  let other = -Infinity;
  let scale = 0;
  let nan = false;
  const start = row * classes;
  for (let k = 0; k < classes; k++) {
    const logit = logits[start + k] ?? Number.NaN;
    if (Number.isNaN(logit)) nan = true;
    if (logit > best) {
      best = logit;
      pred = k;
    }
    if (k !== label && logit > other) other = logit;
    scale = Math.max(scale, Math.abs(logit));
  }
  return {
    pred: nan ? -1 : pred,
    margin: nan ? Number.NaN : (logits[start + label] ?? Number.NaN) - other,
    scale,
    finite: !nan && Number.isFinite(scale),
  };
}

/**
 * The gradient of the cross-entropy by the logits, softmax(logits) - onehot(label), for every row.
 * In float64 until the end, so that only what saturates float32 becomes zero.
 */
export function crossEntropyGradient(
  logits: Float32Array,
  labels: Int32Array,
  classes: number,
): Float32Array {
  const gradient = new Float32Array(logits.length);
  for (let row = 0; row < labels.length; row++) {
    const start = row * classes;
    let largest = -Infinity;
    for (let k = 0; k < classes; k++) largest = Math.max(largest, logits[start + k] ?? 0);
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += Math.exp((logits[start + k] ?? 0) - largest);
    for (let k = 0; k < classes; k++) {
      const probability = Math.exp((logits[start + k] ?? 0) - largest) / sum;
      gradient[start + k] = probability - (k === labels[row] ? 1 : 0);
    }
  }
  return gradient;
}

/** A number for a JSON file: null where it is not finite. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
