/**
 * Works on items some at a time and gives the results in the order of the items. No more than
 * `ahead` results are in memory. The first failure is thrown at its place.
 */
export async function* mapInOrder<T, U>(
  items: Iterable<T>,
  ahead: number,
  work: (item: T) => Promise<U>,
): AsyncGenerator<U, void> {
  const pending: Promise<U>[] = [];
  for (const item of items) {
    const result = work(item);
    // It is awaited below, unless an earlier one fails: then nobody asks any more.
    result.catch(() => undefined);
    pending.push(result);
    const first = pending.length >= ahead ? pending.shift() : undefined;
    if (first) yield await first;
  }
  for (const result of pending) yield await result;
}
