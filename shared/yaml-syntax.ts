import type { YAMLError } from "yaml";
import { maximumProblems, positionAt, type Problem, problemIn } from "./problems.ts";
import { visible } from "./visible.ts";

/** Larger files are refused before they are parsed. */
export const maximumDocumentBytes = 2 ** 20;

/** What makes a text no YAML at all. Decoding turns bytes that are not UTF-8 into U+FFFD. */
export function unreadable(text: string, fileName: string): Problem | null {
  const whole = { message: "", suggestion: null as string | null };
  if (utf8Length(text, maximumDocumentBytes) > maximumDocumentBytes) {
    whole.message = "this file is larger than 1 MiB";
    whole.suggestion = "is it the right file?";
    return { file: fileName, line: 1, column: 1, path: [], offending: "", ...whole };
  }
  const bad = /[\uFFFD\p{Cs}]|[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]/u.exec(text);
  if (!bad) return null;
  const notText = /[\uFFFD\p{Cs}\0]/u.test(bad[0]);
  whole.message = notText
    ? "this file is not UTF-8 text"
    : `a control character (${visible(bad[0])}) has no place in YAML`;
  whole.suggestion = notText ? "save it as UTF-8" : "delete it";
  const place = positionAt(text, bad.index);
  return { file: fileName, ...place, path: [], offending: bad[0], ...whole };
}

/** Bytes of `text` in UTF-8; stops counting soon after `limit`. */
function utf8Length(text: string, limit: number): number {
  if (text.length > limit) return text.length;
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** The first error of each line: those after it mostly follow from it. */
export function syntaxProblems(
  text: string,
  fileName: string,
  errors: readonly YAMLError[],
): Problem[] {
  const problems: Problem[] = [];
  for (const error of errors.slice(0, maximumProblems)) {
    // What is only noticed at the end of the file is shown after its last character.
    const [start, end] = error.pos;
    const last = text.trimEnd().length;
    const span: [number, number] = start > last ? [last, last] : [start, end];
    const problem = problemIn(text, fileName, span, wordError(error, text));
    if (!problems.some(({ line }) => line === problem.line)) problems.push(problem);
  }
  return problems.sort((a, b) => a.line - b.line);
}

/** How far around an error its line is looked at, in characters. */
const nearby = 200;

function wordError(error: YAMLError, text: string): { message: string; suggestion?: string } {
  const [start, end] = error.pos;
  const before =
    text
      .slice(Math.max(0, start - nearby), start)
      .split("\n")
      .at(-1) ?? "";
  const after = text.slice(start, start + nearby).split("\n")[0] ?? "";
  const line = before + after;
  const placeholder = /[^\s"'[\],{}]*\{[A-Za-z_]\w*\}[^\s"'[\],{}]*/.exec(line);
  switch (error.code) {
    case "TAB_AS_INDENT":
      return { message: "a tab indents this line", suggestion: "YAML indents with spaces only" };
    case "TAG_RESOLVE_FAILED":
      return { message: "tags such as this one are not used here", suggestion: "leave it out" };
    case "MULTIPLE_DOCS":
      return { message: "a second document starts here", suggestion: "keep one document per file" };
    case "NON_STRING_KEY":
      return { message: "a key must be plain text" };
    case "MULTILINE_IMPLICIT_KEY":
      if (/^\s*[^\s:]+:[^\s:]+\s*$/.test(line))
        return {
          message: "this is no `key: value`",
          suggestion: `put a space after the colon: \`${line.trim().replace(":", ": ")}\``,
        };
      break;
    case "BLOCK_AS_IMPLICIT_KEY":
      return {
        message: "a second `:` in one value",
        suggestion: "put the value in quotes, or start a new line with the right indent",
      };
    case "MISSING_CHAR":
      if (placeholder && text.slice(start, end) === "{")
        return {
          message: "`{` starts a mapping here",
          suggestion: `put the argument in quotes: \`"${placeholder[0]}"\``,
        };
      break;
    case "RESOURCE_EXHAUSTION":
      return { message: "this is nested too deeply to be read" };
    case "BAD_SCALAR_START":
      return { message: lowerFirst(error.message), suggestion: "put the value in quotes" };
    default:
      break;
  }
  return { message: lowerFirst(error.message) };
}

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
