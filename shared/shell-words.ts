/**
 * Splits a simple shell line into words with quotes and backslashes taken away, or null when it
 * needs a shell: pipes, redirections, variables, globs, several commands, or an open quote.
 */
export function shellWords(line: string): string[] | null {
  const words: string[] = [];
  let rest = line.trim();
  while (rest !== "") {
    let word = "";
    while (rest !== "" && !/^\s/.test(rest)) {
      const match = piece.exec(rest);
      if (!match) return null;
      const [whole, single, double, escaped, plain] = match;
      word += single ?? double?.replace(/\\(["\\])/g, "$1") ?? escaped ?? plain ?? "";
      rest = rest.slice(whole.length);
    }
    words.push(word);
    rest = rest.trimStart();
  }
  // `NAME=value program` sets a variable, which only a shell does.
  return words[0] === undefined || /^\w+=/.test(words[0]) ? null : words;
}

// A quoted part, an escaped character, or plain characters that no shell acts on.
const piece = /^(?:'([^']*)'|"((?:\\["\\]|[^"\\$`])*)"|\\(.)|([^\s'"\\|&;<>()$`*?#~!]+))/;

/** Words as a YAML list on one line, quoted where YAML would read something else than text. */
export function yamlFlowList(words: readonly string[]): string {
  return `[${words.map(yamlFlowWord).join(", ")}]`;
}

/** One word as YAML, in a list or as a value, quoted where it would be read as something else. */
export function yamlFlowWord(word: string): string {
  const plain = /^[A-Za-z0-9_./-][A-Za-z0-9_./=+@%-]*$/.test(word) && !/^-+$/.test(word);
  const readsAsOther = /^([-+.]?\d|\.(inf|nan)$|(true|false|null)$)/i.test(word);
  return plain && !readsAsOther ? word : JSON.stringify(word);
}
