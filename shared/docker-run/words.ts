/**
 * Takes a line apart as a POSIX shell would, without doing anything that it says: quotes, escapes,
 * line continuations and comments are read, variables, substitutions and patterns are named and
 * left as they stand. Follows POSIX.1-2024, Shell Command Language, 2.2 (quoting), 2.3 (token
 * recognition), 2.6 (expansions) and 2.7 (redirection).
 */
import { GauntletError } from "../errors.ts";

/** One word, with its quotes and escapes taken away. */
export type Word = {
  /** What a shell would fill in stands here as it was written. */
  text: string;
  /** The pieces that a shell would have filled in: `$HOME`, `$(pwd)`, a leading `~`, `*.py`. */
  unfilled: string[];
};

/** A command up to `;`, `&`, `|` or the end of its line. */
export type SimpleCommand = {
  words: Word[];
  /** What ends it, such as `|`; empty at the end of the text. */
  end: string;
  /** Operators of its redirections, such as `2>&` or `>`; what they name is in no word. */
  redirections: string[];
};

/** Characters of a line; longer ones are no command that somebody typed. */
export const longestLine = 64 * 1024;

/**
 * The commands of `line`, in order. Throws IMPORT_INVALID for a quote or bracket that stays open,
 * for what is no text, and for more than `longestLine` characters.
 */
export function splitCommands(line: string): SimpleCommand[] {
  if (line.length > longestLine)
    throw new GauntletError("IMPORT_INVALID", "The line is longer than 64 KiB.");
  if (notText.test(line))
    throw new GauntletError("IMPORT_INVALID", "The line holds characters that are no text.");
  return new Splitter(line.replace(/\r\n?/g, "\n")).split();
}

// Control characters but tab and line breaks; what decoding leaves of other bytes; half characters.
const notText = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\uFFFD\p{Cs}]/u;

const operator = /^(?:\|\||&&|;;|\|&|[|;&\n()])/;
const redirection = /^(?:&>>?|\d*(?:<<<|<<-?|<>|<&|>>|>&|>\||<|>))/;
const variable = /^\$(?:[A-Za-z_]\w*|[0-9@*#?$!-])/;

class Splitter {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  split(): SimpleCommand[] {
    const commands: SimpleCommand[] = [];
    let command: SimpleCommand = { words: [], end: "", redirections: [] };
    // The word after a redirection is the file that it means.
    let names = false;
    for (;;) {
      this.#skipBlanks();
      const rest = this.#text.slice(this.#at, this.#at + 8);
      if (rest === "") break;
      const [redirected] = redirection.exec(rest) ?? [];
      const [ended] = operator.exec(rest) ?? [];
      if (redirected !== undefined) {
        this.#at += redirected.length;
        command.redirections.push(redirected);
        names = true;
      } else if (ended !== undefined) {
        this.#at += ended.length;
        command.end = ended === "\n" ? "" : ended;
        if (command.words.length > 0) commands.push(command);
        command = { words: [], end: "", redirections: [] };
        names = false;
      } else {
        const word = this.#word();
        if (!names) command.words.push(word);
        names = false;
      }
    }
    return command.words.length > 0 ? [...commands, command] : commands;
  }

  /** Blanks, continued lines, and comments, which begin where a word could. */
  #skipBlanks(): void {
    for (;;) {
      const two = this.#text.slice(this.#at, this.#at + 2);
      if (two === "\\\n") this.#at += 2;
      else if (two.startsWith(" ") || two.startsWith("\t")) this.#at += 1;
      else if (two.startsWith("#")) {
        const end = this.#text.indexOf("\n", this.#at);
        this.#at = end === -1 ? this.#text.length : end;
      } else return;
    }
  }

  #word(): Word {
    const word: Word = { text: "", unfilled: [] };
    const start = this.#at;
    let pattern = false;
    for (;;) {
      const character = this.#text[this.#at] ?? "";
      if (character === "" || /[ \t\n|&;<>()]/.test(character)) break;
      if (character === "'") word.text += this.#single();
      else if (character === '"') this.#double(word);
      else if (character === "\\") word.text += this.#escaped();
      else if (character === "$" || character === "`") this.#fill(word, true);
      else {
        pattern ||= /[*?[]/.test(character);
        word.text += character;
        this.#at += 1;
      }
    }
    const raw = this.#text.slice(start, this.#at);
    const [home] = /^~[\w.-]*(?=\/|$)/.exec(raw) ?? [];
    if (home !== undefined) word.unfilled.unshift(home);
    if (pattern) word.unfilled.push(word.text);
    return word;
  }

  #single(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end === -1) this.#open("'");
    const inside = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return inside;
  }

  #double(word: Word): void {
    const start = this.#at;
    this.#at += 1;
    for (;;) {
      const character = this.#text[this.#at] ?? "";
      const next = this.#text[this.#at + 1] ?? "";
      if (character === "") this.#open('"', start);
      if (character === '"') break;
      if (character === "$" || character === "`") this.#fill(word, false);
      else if (character === "\\" && /[\\"$`\n]/.test(next)) word.text += this.#escaped();
      else {
        word.text += character;
        this.#at += 1;
      }
    }
    this.#at += 1;
  }

  /** A backslash and what it protects; a line continuation is nothing. */
  #escaped(): string {
    const next = this.#text[this.#at + 1];
    if (next === undefined) this.#open("\\");
    // A character may take two places of the text.
    const whole = String.fromCodePoint(this.#text.codePointAt(this.#at + 1) ?? 0);
    this.#at += 1 + whole.length;
    return next === "\n" ? "" : whole;
  }

  /** What a shell fills in stays as it is written, and is named. */
  #fill(word: Word, mayQuote: boolean): void {
    const start = this.#at;
    const two = this.#text.slice(start, start + 2);
    if (mayQuote && (two === "$'" || two === '$"')) {
      this.#at += 1;
      if (two === '$"') return this.#double(word);
      word.text += this.#ansi();
      word.unfilled.push(this.#text.slice(start, this.#at));
      return;
    }
    if (two.startsWith("`")) this.#backticks();
    else if (two === "$(") this.#nested("(", ")");
    else if (two === "${") this.#nested("{", "}");
    else {
      const [name] = variable.exec(this.#text.slice(start, start + 200)) ?? [];
      this.#at += name?.length ?? 1;
      if (name === undefined) {
        word.text += "$";
        return;
      }
    }
    const piece = this.#text.slice(start, this.#at);
    word.text += piece;
    word.unfilled.push(piece);
  }

  /** `$'...'`: backslashes protect quotes; what else they stand for is left as written. */
  #ansi(): string {
    const start = this.#at;
    for (this.#at += 1; this.#text[this.#at] !== "'"; this.#at += 1) {
      if (this.#text[this.#at] === "\\") this.#at += 1;
      if (this.#at >= this.#text.length) this.#open("'", start);
    }
    this.#at += 1;
    return this.#text.slice(start + 1, this.#at - 1);
  }

  #backticks(): void {
    const start = this.#at;
    for (this.#at += 1; this.#text[this.#at] !== "`"; this.#at += 1) {
      if (this.#text[this.#at] === "\\") this.#at += 1;
      if (this.#at >= this.#text.length) this.#open("`", start);
    }
    this.#at += 1;
  }

  /** `$(...)` and `${...}`, with what is nested and quoted in them. */
  #nested(opening: string, closing: string): void {
    const start = this.#at;
    let depth = 0;
    let quote = "";
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text[this.#at] ?? "";
      if (character === "\\" && quote !== "'") this.#at += 1;
      else if (quote !== "") quote = character === quote ? "" : quote;
      else if (character === "'" || character === '"') quote = character;
      else if (character === opening) depth += 1;
      else if (character === closing && --depth === 0) {
        this.#at += 1;
        return;
      }
    }
    this.#open(`$${opening}`, start);
  }

  #open(what: string, at = this.#at): never {
    const before = this.#text.slice(0, at);
    const line = before.split("\n").length;
    const column = at - before.lastIndexOf("\n");
    throw new GauntletError(
      "IMPORT_INVALID",
      what === "\\"
        ? "The line ends in a backslash: its rest is missing."
        : `\`${what}\` at line ${line}, column ${column} is never closed.`,
    );
  }
}
