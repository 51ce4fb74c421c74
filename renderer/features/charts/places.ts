/** Where on a chart's horizontal axis a line's points are shown: not always where they are kept. */

/** Both ways between the place that a point is kept with and the one that is shown; rising. */
export type Places = { shown(kept: number): number; kept(shown: number): number };

export const asKept: Places = { shown: (kept) => kept, kept: (shown) => shown };

/** Told from a start: seconds since a run began, say. */
export function from(start: number): Places {
  return { shown: (kept) => kept - start, kept: (shown) => shown + start };
}

/**
 * Steps as epochs, by where each epoch was first reported: between two of those in proportion, and
 * beyond the last as fast as before it. Null where there are fewer than two to tell by.
 * @param steps rising
 * @param epochs of each step
 */
export function byEpochs(steps: readonly number[], epochs: readonly number[]): Places | null {
  const knots: { step: number; epoch: number }[] = [];
  steps.forEach((step, index) => {
    const epoch = epochs[index] ?? Number.NaN;
    const last = knots.at(-1);
    if (!last || (epoch > last.epoch && step > last.step)) knots.push({ step, epoch });
  });
  if (knots.length < 2) return null;
  return {
    shown: (step) => between(knots, step, "step", "epoch"),
    kept: (epoch) => between(knots, epoch, "epoch", "step"),
  };
}

type Knot = { step: number; epoch: number };

function between(knots: readonly Knot[], place: number, of: keyof Knot, as: keyof Knot): number {
  // The last stretch that begins before the place; the first and the last one reach on.
  let low = 0;
  let high = knots.length - 2;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((knots[middle]?.[of] ?? Infinity) <= place) low = middle;
    else high = middle - 1;
  }
  const [a, b] = [knots[low], knots[low + 1]];
  if (!a || !b) return place;
  return a[as] + ((place - a[of]) / (b[of] - a[of])) * (b[as] - a[as]);
}
