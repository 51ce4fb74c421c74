/** No text. */
export const noText = -1;

/**
 * The values of one field by row: a number (NaN where there is none), or text as a code into a
 * dictionary. Rows beyond the capacity do not exist until `resize`.
 */
export class Column {
  numbers: Float64Array;
  texts: TextCodes | null = null;
  #keys: Float64Array | null = null;

  constructor(capacity: number) {
    this.numbers = new Float64Array(capacity).fill(Number.NaN);
  }

  set(row: number, value: number | string | null): void {
    this.#keys = null;
    this.numbers[row] = typeof value === "number" ? value : Number.NaN;
    if (typeof value === "string") {
      this.texts ??= new TextCodes(this.numbers.length);
      this.texts.set(row, value);
    } else if (this.texts) this.texts.codes[row] = noText;
  }

  get(row: number): number | string | null {
    const number = this.numbers[row] ?? Number.NaN;
    if (!Number.isNaN(number)) return number;
    return this.texts?.get(row) ?? null;
  }

  isMissing(row: number): boolean {
    return Number.isNaN(this.numbers[row]) && (this.texts?.codes[row] ?? noText) === noText;
  }

  resize(capacity: number): void {
    this.#keys = null;
    const numbers = new Float64Array(capacity).fill(Number.NaN);
    numbers.set(this.numbers);
    this.numbers = numbers;
    this.texts?.resize(capacity);
  }

  /** Leaves only these rows, which are in ascending order. */
  keep(rows: Int32Array): void {
    this.#keys = null;
    const { numbers } = this;
    const codes = this.texts?.codes;
    rows.forEach((row, index) => {
      numbers[index] = numbers[row] ?? Number.NaN;
      if (codes) codes[index] = codes[row] ?? noText;
    });
    numbers.fill(Number.NaN, rows.length);
    codes?.fill(noText, rows.length);
  }

  /** A number per row that sorts as the values do: numbers, then text by letters; NaN is missing. */
  sortKeys(): Float64Array {
    const { texts, numbers } = this;
    if (!texts) return numbers;
    if (this.#keys) return this.#keys;
    const present = numbers.filter((value) => !Number.isNaN(value)).sort();
    const ranks = texts.ranks();
    const keys = new Float64Array(numbers.length);
    for (let row = 0; row < keys.length; row++) {
      const number = numbers[row] ?? Number.NaN;
      const code = texts.codes[row] ?? noText;
      if (!Number.isNaN(number)) keys[row] = countBelow(present, number);
      else keys[row] = code === noText ? Number.NaN : present.length + (ranks[code] ?? 0);
    }
    this.#keys = keys;
    return keys;
  }

  /**
   * A code per given row, the same for equal values, numbered in the order of appearance, and how
   * many there are. Missing is a value too.
   */
  groupCodes(rows: Int32Array): { codes: Int32Array; count: number } {
    const { numbers, texts } = this;
    const codes = new Int32Array(rows.length);
    const ofNumber = new Map<number, number>();
    // By the text's code plus one, so that "no text" has a place; 0 is "not seen yet".
    const ofText = new Int32Array((texts?.texts.length ?? 0) + 1);
    let count = 0;
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index] ?? 0;
      const number = numbers[row] ?? Number.NaN;
      if (Number.isNaN(number)) {
        const text = (texts?.codes[row] ?? noText) + 1;
        if (ofText[text] === 0) ofText[text] = ++count;
        codes[index] = (ofText[text] ?? 0) - 1;
      } else {
        let code = ofNumber.get(number);
        if (code === undefined) ofNumber.set(number, (code = count++));
        codes[index] = code;
      }
    }
    return { codes, count };
  }

  get bytes(): number {
    return this.numbers.byteLength + (this.texts?.bytes ?? 0);
  }
}

/** How many values of a sorted array are smaller. */
export function countBelow(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? Infinity) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Text by row through a dictionary, which only grows. */
export class TextCodes {
  codes: Int32Array;
  readonly texts: string[] = [];
  readonly #codeOf = new Map<string, number>();
  readonly #lower: string[] = [];
  /** The texts in lower case, each with a line's end behind it, and where each of them ends. */
  #joined = "";
  readonly #ends: number[] = [];
  /** Codes in the order of their texts. */
  #sorted: number[] = [];
  #ranks = new Float64Array(0);

  constructor(capacity: number) {
    this.codes = new Int32Array(capacity).fill(noText);
  }

  set(row: number, text: string): void {
    let code = this.#codeOf.get(text);
    if (code === undefined) {
      code = this.texts.push(text) - 1;
      this.#codeOf.set(text, code);
    }
    this.codes[row] = code;
  }

  get(row: number): string | undefined {
    return this.texts[this.codes[row] ?? noText];
  }

  codeOf(text: string): number | undefined {
    return this.#codeOf.get(text);
  }

  /** The texts in lower case, by code. */
  lower(): readonly string[] {
    for (let code = this.#lower.length; code < this.texts.length; code++)
      this.#lower.push((this.texts[code] ?? "").toLowerCase());
    return this.#lower;
  }

  /**
   * 1 for each code whose text contains `wanted`, which is in lower case. All texts are searched as
   * one: the engine's own search is many times faster than a call for each.
   */
  containing(wanted: string): Uint8Array {
    const lower = this.lower();
    for (let code = this.#ends.length; code < lower.length; code++) {
      this.#joined += `${lower[code]}\n`;
      this.#ends.push(this.#joined.length);
    }
    const answers = new Uint8Array(lower.length);
    let code = 0;
    for (let at = this.#joined.indexOf(wanted); at !== -1;) {
      while ((this.#ends[code] ?? Infinity) <= at) code++;
      const end = this.#ends[code];
      if (end === undefined) break; // Nothing, found behind all texts.
      const isWithin = at + wanted.length < end;
      if (isWithin) answers[code] = 1;
      at = this.#joined.indexOf(wanted, isWithin ? end : at + 1);
    }
    return answers;
  }

  resize(capacity: number): void {
    const codes = new Int32Array(capacity).fill(noText);
    codes.set(this.codes);
    this.codes = codes;
  }

  /** The place of each text among all, by letters regardless of case, by code. */
  ranks(): Float64Array {
    if (this.#sorted.length === this.texts.length) return this.#ranks;
    const lower = this.lower();
    const compare = (a: number, b: number) =>
      compareText(lower[a] ?? "", lower[b] ?? "") ||
      compareText(this.texts[a] ?? "", this.texts[b] ?? "");
    const added = Array.from(
      { length: this.texts.length - this.#sorted.length },
      (_, index) => this.#sorted.length + index,
    ).sort(compare);
    this.#sorted = merge(this.#sorted, added, compare);
    this.#ranks = new Float64Array(this.texts.length);
    this.#sorted.forEach((code, rank) => (this.#ranks[code] = rank));
    return this.#ranks;
  }

  get bytes(): number {
    return this.codes.byteLength + this.texts.length * 150;
  }
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function merge(
  a: readonly number[],
  b: readonly number[],
  compare: (a: number, b: number) => number,
): number[] {
  if (a.length === 0) return [...b];
  const result: number[] = [];
  let next = 0;
  for (const item of a) {
    for (let other = b[next]; other !== undefined && compare(other, item) < 0; other = b[++next])
      result.push(other);
    result.push(item);
  }
  for (; next < b.length; next++) result.push(b[next] ?? 0);
  return result;
}
