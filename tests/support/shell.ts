import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./temporary-folder.ts";

const program = fileURLToPath(new URL("../../cli/gauntlet.mjs", import.meta.url));
const typist = fileURLToPath(new URL("../fixtures/shells/type.py", import.meta.url));

export type ShellName = "bash" | "zsh" | "fish";

/** Makes the shell's start-up file and says how to start it. */
function start(shell: ShellName, home: string): string[] {
  switch (shell) {
    case "bash":
      writeFileSync(join(home, "rc"), "PS1='READY> '\nsource <(gauntlet completion bash)\n");
      return ["bash", "--noprofile", "--rcfile", join(home, "rc"), "-i"];
    case "zsh":
      writeFileSync(
        join(home, ".zshrc"),
        "PS1='READY> '\nautoload -Uz compinit\ncompinit -u -D\nsource <(gauntlet completion zsh)\n",
      );
      return ["zsh", "-d", "-i"];
    case "fish":
      mkdirSync(join(home, ".config", "fish"), { recursive: true });
      writeFileSync(
        join(home, ".config", "fish", "config.fish"),
        "function fish_prompt; echo 'READY> '; end\nset fish_greeting\ngauntlet completion fish | source\n",
      );
      return ["fish", "-i"];
  }
}

/**
 * Types lines into a real shell that has the completion script, and gives the words with which the
 * shell called `gauntlet` for each of them; `shown` is the terminal's text, for when it goes wrong.
 * The program that the shell finds completes as the real one does, and otherwise only notes its words.
 * @param lines as typed, with `\t`; return is added
 */
export async function typeInShell(
  shell: ShellName,
  lines: readonly string[],
  { data, cwd }: { data: string; cwd: string },
): Promise<{ calls: string[][]; shown: string }> {
  const home = temporaryFolder();
  const out = join(home, "calls");
  const bin = join(home, "bin");
  mkdirSync(bin);
  const note = `require("node:fs").appendFileSync(process.argv[1], JSON.stringify(process.argv.slice(2)) + "\\n")`;
  writeFileSync(
    join(bin, "gauntlet"),
    `#!/bin/sh
case $1 in
  __complete | completion) exec '${process.execPath}' '${program}' "$@" ;;
  *) exec '${process.execPath}' -e '${note}' '${out}' "$@" ;;
esac
`,
    { mode: 0o755 },
  );
  const child = spawn("python3", [typist], {
    cwd,
    env: {
      PATH: [bin, process.env["PATH"]].join(delimiter),
      HOME: home,
      ZDOTDIR: home,
      INPUTRC: "/dev/null",
      TERM: "dumb",
      LC_ALL: "C.UTF-8",
      GAUNTLET_DATA: data,
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const task = {
    command: start(shell, home),
    lines: lines.map((line) => `${line}\r`),
    out,
    patience: 20,
  };
  child.stdin.end(JSON.stringify(task));
  let shown = "";
  child.stdout.on("data", (chunk: Buffer) => (shown += chunk.toString("utf8")));
  await new Promise((resolve) => child.on("close", resolve));
  const text = existsSync(out) ? readFileSync(out, "utf8") : "";
  const calls = text.split("\n").filter(Boolean);
  return { calls: calls.map((line) => JSON.parse(line) as string[]), shown };
}
