/**
 * `text` with everything that a terminal or an editor would act on instead of showing it: control
 * characters as their pictures (U+2400..), bidirectional and other invisible marks and lone
 * surrogates as `\u{...}`. Line breaks are made visible too, so the result is one line.
 */
export function visible(text: string): string {
  return text.replace(unseen, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return "\u2421";
    return `\\u{${code.toString(16)}}`;
  });
}

// Control, format (bidi, zero width), surrogate, and line and paragraph separators.
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** `text` made visible and cut to `length` characters, for use in the middle of a sentence. */
export function excerpt(text: string, length = 60): string {
  const shown = [...visible(text.slice(0, 4 * length))];
  const cut = shown.length > length || text.length > 4 * length;
  return cut ? `${shown.slice(0, length - 1).join("")}…` : shown.join("");
}

/** Columns that `text` takes on a terminal: 2 for wide East Asian and emoji, 0 for combining. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    width += wide.test(character) ? 2 : 1;
  }
  return width;
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** As `visible`, but line breaks and tabs stay: for whole logs on a terminal. */
export function visibleLines(text: string): string {
  return text.replace(unseen, (character) =>
    character === "\n" || character === "\t" ? character : visible(character),
  );
}
