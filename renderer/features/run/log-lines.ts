/** A log as lines that can be shown: what is drawn again is drawn once, and nothing is obeyed. */
import { visible } from "../../../shared/visible.ts";

const colours = /\u001b\[[0-9;:]*[A-Za-z]/g;
const errors =
  /^\s*(\w+\.)*\w*(Error|Exception)\b|\b(error|fatal|traceback|out of memory|panic)\b/i;

/** Adds text to lines, in place; `lines` ends with the line that has no end yet. */
export function appendLog(lines: string[], text: string): void {
  const [first = "", ...rest] = text.split("\n");
  lines.push((lines.pop() ?? "") + first, ...rest);
}

/** Without colours; of a line that a carriage return started anew, the last state. */
export function shownLine(line: string): string {
  const plain = line.replace(colours, "").replace(/\r$/, "");
  const last = plain.slice(plain.lastIndexOf("\r") + 1);
  return visible(last.replaceAll("\t", "    "));
}

export function looksLikeError(line: string): boolean {
  return errors.test(line);
}
