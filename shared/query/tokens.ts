import type { QueryProblem, Span } from "./ast.ts";

export type Token = Span &
  (
    | { type: "word"; text: string }
    /** A field's name in backticks. */
    | { type: "name"; text: string }
    | { type: "string"; text: string }
    | { type: "pattern"; source: string; flags: string }
    | { type: "operator"; text: string }
    | { type: "mark"; text: "(" | ")" | "[" | "]" | "," }
    | { type: "end" }
  );

export type Tokens = { tokens: Token[]; problem: QueryProblem | null };

const wordPattern = /[^\s()[\],"`=!<>~&|]+/y;
const operatorPattern = /=~|!~|==|!=|<=|>=|&&|\|\||[=<>~!&|]/y;

/**
 * Cuts a query into tokens, the last of which is `end`. Text that cannot be cut ends the list
 * early and is told as a problem; the tokens before it are there for completion.
 */
export function tokenize(text: string): Tokens {
  const tokens: Token[] = [];
  let position = 0;
  const fail = (offset: number, length: number, message: string, suggestion: string): Tokens => {
    tokens.push({ type: "end", offset: text.length, length: 0 });
    return { tokens, problem: { offset, length, message, suggestion } };
  };
  for (;;) {
    while (position < text.length && /\s/.test(text.charAt(position))) position++;
    const start = position;
    if (start >= text.length) break;
    const first = text.charAt(start);
    if (first === '"' || first === "`") {
      const quoted = readQuoted(text, start);
      if (!quoted)
        return fail(
          start,
          text.length - start,
          `this ${first} has no partner`,
          `close it with ${first}`,
        );
      position = quoted.end;
      tokens.push({
        type: first === '"' ? "string" : "name",
        text: quoted.text,
        offset: start,
        length: position - start,
      });
    } else if (first === "/") {
      const pattern = readPattern(text, start);
      if (!pattern)
        return fail(
          start,
          text.length - start,
          "this regular expression has no end",
          'close it with /, or put text with a / in quotes: "/..."',
        );
      position = pattern.end;
      tokens.push({
        type: "pattern",
        source: pattern.source,
        flags: pattern.flags,
        offset: start,
        length: position - start,
      });
    } else if ("()[],".includes(first)) {
      position++;
      tokens.push({ type: "mark", text: first as "(", offset: start, length: 1 });
    } else {
      const word = matchAt(wordPattern, text, start);
      if (word === null) {
        const operator = matchAt(operatorPattern, text, start) ?? first;
        position += operator.length;
        tokens.push({ type: "operator", text: operator, offset: start, length: operator.length });
        continue;
      }
      position += word.length;
      let name = word;
      // score."Top five": the odd part of a name may stand in quotes of its own.
      if (/[.:]$/.test(word) && text.charAt(position) === '"') {
        const quoted = readQuoted(text, position);
        if (!quoted)
          return fail(position, text.length - position, 'this " has no partner', 'close it with "');
        name += quoted.text;
        position = quoted.end;
        tokens.push({ type: "name", text: name, offset: start, length: position - start });
      } else tokens.push({ type: "word", text: name, offset: start, length: position - start });
    }
  }
  tokens.push({ type: "end", offset: text.length, length: 0 });
  return { tokens, problem: null };
}

/** Whether text can stand as a word, without quotes. */
export function isPlainWord(text: string): boolean {
  return text !== "" && !text.startsWith("/") && matchAt(wordPattern, text, 0) === text;
}

function matchAt(pattern: RegExp, text: string, position: number): string | null {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0] ?? null;
}

/** Text between two equal marks; a backslash takes the next character as it is. */
function readQuoted(text: string, start: number): { text: string; end: number } | null {
  const mark = text.charAt(start);
  let result = "";
  for (let index = start + 1; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === mark) return { text: result, end: index + 1 };
    if (character === "\\" && index + 1 < text.length) result += text.charAt(++index);
    else result += character;
  }
  return null;
}

function readPattern(
  text: string,
  start: number,
): { source: string; flags: string; end: number } | null {
  let inClass = false;
  for (let index = start + 1; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === "\\") index++;
    else if (character === "[") inClass = true;
    else if (character === "]") inClass = false;
    else if (character === "/" && !inClass) {
      const source = text.slice(start + 1, index);
      if (source === "") return null;
      const flags = /^[a-z]*/.exec(text.slice(index + 1))?.[0] ?? "";
      return { source, flags, end: index + 1 + flags.length };
    }
  }
  return null;
}
