/** What browsers before 2023 lack of what the pages use; Chromium 108 is the oldest that is tried. */

function define(name: "toReversed" | "toSorted", value: (...args: never[]) => unknown): void {
  if (name in Array.prototype) return;
  Object.defineProperty(Array.prototype, name, { value, configurable: true, writable: true });
}

define("toReversed", function toReversed(this: unknown[]) {
  return [...this].reverse();
});
define(
  "toSorted",
  function toSorted(this: unknown[], compare?: (a: unknown, b: unknown) => number) {
    return [...this].sort(compare);
  },
);
