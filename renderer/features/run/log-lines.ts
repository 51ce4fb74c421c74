/** A log as lines that can be shown: what is drawn again is drawn once, and nothing is obeyed. */
import { visible } from "../../../shared/visible.ts";

/** Colours of a terminal: black, red, green, yellow, blue, magenta, cyan, white. */
export type TerminalColour = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** A part of a line that looks alike. */
export type LogPart = {
  text: string;
  /** Null: that of text. */
  colour: TerminalColour | null;
  bold: boolean;
};

/** Control sequences (ECMA-48, section 5.4), and operating system commands such as links. */
const sequences = /\u001b\[([0-?]*)[ -/]*([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;
const errors =
  /^\s*(\w+\.)*\w*(Error|Exception)\b|\b(error|fatal|traceback|out of memory|panic)\b/i;

/** Adds text to lines, in place; `lines` ends with the line that has no end yet. */
export function appendLog(lines: string[], text: string): void {
  const [first = "", ...rest] = text.split("\n");
  lines[Math.max(0, lines.length - 1)] = (lines.at(-1) ?? "") + first;
  for (const line of rest) lines.push(line);
}

/** Without colours; of a line that a carriage return started anew, the last state. */
export function shownLine(line: string): string {
  return shown(lastState(line).replace(sequences, ""));
}

/** As shownLine, in parts by what the program said of colour and weight; the rest is left out. */
export function logParts(line: string): LogPart[] {
  const state = lastState(line);
  if (!state.includes("\u001b")) return [{ text: shown(state), colour: null, bold: false }];
  const parts: LogPart[] = [];
  let look: Pick<LogPart, "colour" | "bold"> = { colour: null, bold: false };
  let from = 0;
  const add = (to: number) => {
    if (to > from) parts.push({ text: shown(state.slice(from, to)), ...look });
  };
  for (const match of state.matchAll(sequences)) {
    add(match.index);
    from = match.index + match[0].length;
    if (match[2] === "m") look = lookAfter(look, match[1] ?? "");
  }
  add(state.length);
  return parts;
}

/** What "select graphic rendition" with these parameters makes of a look (ECMA-48, 8.3.117). */
function lookAfter(before: Pick<LogPart, "colour" | "bold">, parameters: string) {
  const look = { ...before };
  const codes = parameters.split(/[;:]/).map(Number);
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 0) Object.assign(look, { colour: null, bold: false });
    else if (code === 1) look.bold = true;
    else if (code === 22) look.bold = false;
    else if (code === 39) look.colour = null;
    else if (code >= 30 && code <= 37) look.colour = basic(code - 30);
    else if (code >= 90 && code <= 97) look.colour = basic(code - 90);
    else if (code === 38 || code === 48) {
      // Of the 256 colours the first sixteen are these again; the others have no place in a theme.
      const number = codes[at + 2] ?? 16;
      if (code === 38) look.colour = codes[at + 1] === 5 && number < 16 ? basic(number % 8) : null;
      at += codes[at + 1] === 2 ? 4 : 2;
    }
  }
  return look;
}

function basic(colour: number): TerminalColour {
  return colour as TerminalColour; // by whoever calls, from 0 to 7
}

function lastState(line: string): string {
  const whole = line.endsWith("\r") ? line.slice(0, -1) : line;
  return whole.slice(whole.lastIndexOf("\r") + 1);
}

function shown(text: string): string {
  return visible(text.replaceAll("\t", "    "));
}

export function looksLikeError(line: string): boolean {
  return errors.test(line);
}

/**
 * The next line from `start` on, or before it where `backwards`, that holds `text` in whatever
 * case; goes on from the other end. -1 where none does.
 */
export function findLine(
  lines: readonly string[],
  text: string,
  start: number,
  backwards: boolean,
): number {
  const wanted = text.toLowerCase();
  const step = backwards ? -1 : 1;
  for (let passed = 0; passed < lines.length; passed++) {
    const at = (((start + step * passed) % lines.length) + lines.length) % lines.length;
    if (
      shownLine(lines[at] ?? "")
        .toLowerCase()
        .includes(wanted)
    )
      return at;
  }
  return -1;
}
