/** What looks like a secret: its value is neither shown nor written. */

// Whoever reads too much into a name loses nothing but a line that can be written by hand;
// tokenizers and authors are too common to be named in every import.
const word = "TOKEN(?!I[ZS])|SECRET|PASSW|PASSPHRASE|CREDENTIAL|KEY(?!BOARD)|AUTH(?!OR)";
const secretName = new RegExp(word, "i");

// Forms that services give to their keys.
const keyForm = "(?:gh[pousr]_|github_pat_|hf_|sk-|xox[abp]-|glpat-|AKIA)[\\w-]{12,}";
const secretValue = new RegExp(`\\b${keyForm}|-----BEGIN |://[^/\\s:@]{1,100}:[^/\\s@]{1,100}@`);

/** Whether a variable of this name and value is kept out of what is written. */
export function isSecret(name: string, value: string): boolean {
  return secretName.test(name) || secretValue.test(value);
}

const option =
  /^--?(?:[\w-]{0,60}[-_])?(?:token|secret|passw(?:or)?d|api[-_]?key|(?:access|secret|private)[-_]?key)$/i;

/** Whether the value of a program's option of this name, such as `--api-key`, is a secret. */
export function isSecretOption(name: string): boolean {
  return option.test(name);
}

/** Stands for the value of a secret. */
export const mask = "***";

// Lengths are bounded, so that no text makes the search long.
const assigned = new RegExp(
  `(\\b[A-Z0-9_]{0,60}(?:${word})[A-Z0-9_]{0,60}=["']?)[^\\s"';&|]+`,
  "g",
);
const optional =
  /((?:^|[\s"'])--?(?:[\w-]{0,60}[-_])?(?:token|secret|passw(?:or)?d|api[-_]?key|(?:access|secret|private)[-_]?key)(?:=|\s+)["']?)[^\s"';&|]+/gi;
const formed = new RegExp(`\\b${keyForm}`, "g");
const inAddress = /(:\/\/[^/\s:@]{1,100}:)[^/\s@]{1,100}(?=@)/g;

/** `text` with the values of what looks like secrets in it masked. */
export function maskSecrets(text: string): string {
  return text
    .replace(assigned, `$1${mask}`)
    .replace(optional, `$1${mask}`)
    .replace(formed, mask)
    .replace(inAddress, `$1${mask}`);
}
