/**
 * Bash tells a completion function the line, and which end of it the answer takes the place of:
 * that begins after the last of `COMP_WORDBREAKS`, such as `@`, and stands within quotes or not.
 */

/** The quote that is open at some place of a line. */
type Quote = "" | "'" | '"';

export type BashLine = {
  /** The words of the line, without quotes and backslashes; the last one is being typed. */
  words: string[];
  /** The last word as it stands on the line. */
  raw: string;
};

/** Takes a line apart up to the cursor. Nothing is expanded: `$x` stays as it is. */
export function readBashLine(line: string): BashLine {
  const words: string[] = [];
  let start = 0;
  let end = 0;
  while (end < line.length) {
    end = start + readWord(line.slice(start), true).length;
    if (end === line.length) break;
    if (end > start) words.push(readWord(line.slice(start, end)).text);
    start = end + 1;
  }
  const raw = line.slice(start);
  return { words: [...words, readWord(raw).text], raw };
}

/**
 * What Bash is to put in place of `replaced`, the end of the raw word, for a whole value.
 * Undefined when the value does not begin as the word does.
 */
export function bashReplacement(value: string, raw: string, replaced: string): string | undefined {
  const kept = raw.endsWith(replaced) ? raw.slice(0, raw.length - replaced.length) : "";
  const { text, quote } = readWord(kept);
  return value.startsWith(text) ? quoteFor(value.slice(text.length), quote) : undefined;
}

/** Reads raw text, to its end or to the first blank outside quotes. */
function readWord(
  raw: string,
  stopAtBlank = false,
): { text: string; quote: Quote; length: number } {
  let text = "";
  let quote: Quote = "";
  let i = 0;
  for (; i < raw.length; i++) {
    const character = raw[i] ?? "";
    const next = raw[i + 1] ?? "";
    if (quote === "'") {
      if (character === "'") quote = "";
      else text += character;
    } else if (character === "\\" && (quote === "" || /["\\$`]/.test(next))) {
      text += next;
      i += 1;
    } else if (character === '"') quote = quote === "" ? '"' : "";
    else if (character === "'" && quote === "") quote = "'";
    else if (quote === "" && stopAtBlank && /\s/.test(character)) break;
    else text += character;
  }
  return { text, quote, length: Math.min(i, raw.length) };
}

function quoteFor(text: string, quote: Quote): string {
  if (quote === "'") return text.replaceAll("'", "'\\''");
  if (quote === '"') return text.replace(/["\\$`]/g, "\\$&");
  return text.replace(/[^\p{L}\p{N}_./+,%@:=-]/gu, "\\$&");
}
