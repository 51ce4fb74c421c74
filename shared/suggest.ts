/** Longer words are not compared: the cost grows with the product of the lengths. */
const longestWord = 64;

/**
 * Edits that turn `a` into `b`: insertions, deletions, substitutions and swaps of two neighbours,
 * none of them inside one another (optimal string alignment, the restricted form of the distance
 * of Damerau, "A technique for computer detection and correction of spelling errors", 1964).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + change);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, at(beforeLast, j - 2) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}

/**
 * The candidate that `word` was most likely meant to be, or null when none is near enough. Letter
 * case is ignored; up to a third of the letters may differ, and at least one must be right.
 */
export function closest(word: string, candidates: Iterable<string>): string | null {
  let best: { candidate: string; distance: number } | null = null;
  for (const candidate of candidates) {
    const longer = Math.max(word.length, candidate.length);
    const allowed = Math.min(Math.max(1, Math.floor(longer / 3)), longer - 1);
    if (longer > longestWord || Math.abs(word.length - candidate.length) > allowed) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance > allowed || (best && best.distance <= distance)) continue;
    best = { candidate, distance };
  }
  return best?.candidate ?? null;
}

/** "did you mean `learning_rate`?", or null when no candidate is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | null {
  const candidate = closest(word, candidates);
  return candidate === null ? null : `did you mean \`${candidate}\`?`;
}
