import { GauntletError } from "../shared/errors.ts";
import { longestSecret } from "../shared/secret-limits.ts";

const enter = /[\r\n]/;
const ctrlC = "\u0003";
const ctrlD = "\u0004";
const erase = /[\u007f\b]/;
const control = /[\u0000-\u001f]/;

/**
 * The value of a secret: typed at a terminal, which shows none of it, or all of standard input. The
 * line break at the end of a single line is none of it; text of several lines, as of a key, is kept
 * as it is. Throws SECRET_INVALID.
 */
export function askSecret(name: string): Promise<string> {
  return process.stdin.isTTY ? ask(`Value of ${name}: `) : readAll(name);
}

async function readAll(name: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    // At most three bytes of UTF-8 for each.
    if (length > 3 * longestSecret + 2)
      throw new GauntletError(
        "SECRET_INVALID",
        `${name} has more than ${longestSecret} characters.`,
      );
  }
  const text = decode(Buffer.concat(chunks));
  return /^[^\n]*\n$/.test(text) ? text.replace(/\r?\n$/, "") : text;
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new GauntletError("SECRET_INVALID", "The value is no text in UTF-8.", { cause });
  }
}

/** Reads a line without echo. The terminal is as it was when this ends, in whatever way. */
function ask(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  stdin.setRawMode(true).setEncoding("utf8").resume();
  stderr.write(prompt);
  let value = "";
  return new Promise<string>((resolve, reject) => {
    const cancel = () => reject(new GauntletError("USAGE", "Nothing was typed: nothing is kept."));
    stdin.once("end", cancel);
    stdin.on("data", (text: string) => {
      for (const character of text) {
        if (enter.test(character)) return resolve(value);
        if (character === ctrlC || (character === ctrlD && value === "")) return cancel();
        if (erase.test(character)) value = [...value].slice(0, -1).join("");
        else if (!control.test(character)) value += character;
      }
    });
  }).finally(() => {
    stdin.removeAllListeners("data").setRawMode(false).pause();
    stderr.write("\n");
  });
}
