/** What of the robustness page stands in its address. */
export type RobustnessSearch = {
  set?: string;
  /** Only samples of these classes count. */
  classes?: number[];
  /** Robust accuracy has a column at each. */
  epsilons?: number[];
  /** Id of the model whose curves are drawn by attack. */
  model?: string;
};

export function readRobustnessSearch(search: Record<string, unknown>): RobustnessSearch {
  return {
    set: typeof search["set"] === "string" ? search["set"] : undefined,
    classes: numbersOf(search["classes"], (value) => Number.isSafeInteger(value)),
    epsilons: numbersOf(search["epsilons"], Number.isFinite),
    model: typeof search["model"] === "string" ? search["model"] : undefined,
  };
}

/** Most values that the core takes. */
const most = 1000;

/** Numbers from 0 that pass, each once and in order; undefined for none. */
function numbersOf(value: unknown, passes: (value: number) => boolean): number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const numbers = value.filter(
    (entry): entry is number => typeof entry === "number" && entry >= 0 && passes(entry),
  );
  const sorted = [...new Set(numbers)].toSorted((a, b) => a - b).slice(0, most);
  return sorted.length > 0 ? sorted : undefined;
}

/**
 * Numbers from 0 as someone types them, between commas or spaces: `0.5, 1`, and fractions such as
 * `8/255`. Returns what is wrong instead, as a sentence.
 */
export function readNumbers(text: string): number[] | string {
  const words = text.split(/[\s,;]+/).filter((word) => word !== "");
  const numbers: number[] = [];
  for (const word of words) {
    const [, above, below = "1"] = /^(\d*\.?\d+)(?:\/(\d*\.?\d+))?$/.exec(word) ?? [];
    const value = above === undefined ? NaN : Number(above) / Number(below);
    if (!Number.isFinite(value)) return `“${word}” is not a number from 0.`;
    numbers.push(value);
  }
  return numbers;
}

/** One epsilon as typed, above 0; null for what is none. */
export function readEpsilon(text: string): number | null {
  const numbers = readNumbers(text);
  const [epsilon] = numbers;
  return typeof epsilon === "number" && numbers.length === 1 && epsilon > 0 ? epsilon : null;
}
