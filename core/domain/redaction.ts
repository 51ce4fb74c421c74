/** Takes the values of secrets out of a stream of output. */

/** Shorter values are left: they are words of any text, and told by what is missing. Characters. */
export const shortestRedacted = 8;

const mask = Buffer.from("***");

export type Redactor = {
  /** Hands on what can be said of the output so far; the rest waits for what follows. */
  write(chunk: Buffer): void;
  /** Hands on what was waited with. */
  end(): void;
};

/**
 * The forms in which a value is looked for: itself, each of its lines (a key is printed line by
 * line), in Base64 and in the escapes of JSON and of addresses. Only those of 8 characters or more,
 * the longest first.
 */
export function redactedForms(values: readonly string[]): string[] {
  const forms = values.flatMap((value) =>
    [value, ...value.split(/\r?\n/)].flatMap((text) => {
      const base64 = Buffer.from(text).toString("base64").replace(/=+$/, "");
      return [
        text,
        base64,
        base64.replaceAll("+", "-").replaceAll("/", "_"),
        JSON.stringify(text).slice(1, -1),
        encodeURIComponent(text.toWellFormed()),
      ].filter(() => text.length >= shortestRedacted);
    }),
  );
  return [...new Set(forms)].toSorted((a, b) => b.length - a.length);
}

/**
 * Replaces every form of the values by `***`, also where it comes in pieces. Output that may be the
 * beginning of a value is kept back until it is known, and no more than a value's length.
 */
export function createRedactor(
  values: readonly string[],
  write: (chunk: Buffer) => void,
): Redactor {
  const forms = redactedForms(values).map((form) => Buffer.from(form));
  if (forms.length === 0) return { write, end: () => undefined };
  let held: Buffer = Buffer.alloc(0);

  function handOn(isLast: boolean): void {
    const text = held;
    const nextMatch = createSearch(text, forms);
    let at = 0;
    let waits = isLast ? text.length : startOfPrefix(text, forms, at);
    for (;;) {
      const match = nextMatch(at);
      // What may become a longer form is waited for, though a shorter one stands in it.
      if (match === null || waits <= match.start) break;
      if (match.start > at) write(text.subarray(at, match.start));
      write(mask);
      at = match.end;
      if (waits < at) waits = startOfPrefix(text, forms, at);
    }
    if (waits > at) write(text.subarray(at, waits));
    held = Buffer.from(text.subarray(waits));
  }

  return {
    write(chunk) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      handOn(false);
    },
    end: () => handOn(true),
  };
}

type Match = { start: number; end: number };

/**
 * Returns what gives the match that begins first at or after a place, and of those the longest, for
 * `forms` begin with it. Places must not become smaller: each form is looked for once.
 */
function createSearch(text: Buffer, forms: readonly Buffer[]): (from: number) => Match | null {
  const found = forms.map((form) => ({ form, start: text.indexOf(form) }));
  return (from) => {
    let first: Match | null = null;
    for (const entry of found) {
      const { form } = entry;
      if (entry.start !== -1 && entry.start < from) entry.start = text.indexOf(form, from);
      const { start } = entry;
      if (start !== -1 && (first === null || start < first.start))
        first = { start, end: start + form.length };
    }
    return first;
  };
}

/** Where, from `from` on, an end of the text begins that is the beginning of a form; else its length. */
function startOfPrefix(text: Buffer, forms: readonly Buffer[], from: number): number {
  let start = text.length;
  for (const form of forms) {
    const first = form[0] ?? 0;
    let at = text.indexOf(first, Math.max(from, text.length - form.length + 1));
    for (; at !== -1 && at < start; at = text.indexOf(first, at + 1)) {
      if (text.compare(form, 0, text.length - at, at) === 0) start = at;
    }
  }
  return start;
}
