import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, onTestFinished, test } from "vitest";
import { socketPath } from "../../core/api/socket-path.ts";
import { hasProgram } from "../parts.ts";
import { runCli } from "../support/cli.ts";
import { openTestCore } from "../support/core.ts";
import { type ShellName, typeInShell } from "../support/shell.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const plain = "Top five, 2018-10-15";
const odd = `odd $x "q" it's; *`;
const hostile = "run$(touch pwned)`touch pwned`";

/** A data folder with attack sets of these names, whose core is still open. */
async function coreWithSets(...names: string[]) {
  const core = await openTestCore();
  for (const name of names)
    await core.client.attacks.saveSet({ name, date: "2018-10-15", attacks: ["ddn"] });
  return core;
}

describe("a real shell completes", () => {
  const typed: [string, string[]][] = [
    ["gauntlet lead\t", ["leaderboard"]],
    ["gauntlet attacks activate To\t", ["attacks", "activate", plain]],
    ["gauntlet attacks activate Top\\ fi\t", ["attacks", "activate", plain]],
    ['gauntlet attacks activate "Top fi\t', ["attacks", "activate", plain]],
    ["gauntlet attacks activate 'Top fi\t", ["attacks", "activate", plain]],
    ["gauntlet attacks activate odd\t", ["attacks", "activate", odd]],
    ['gauntlet attacks activate "odd\t', ["attacks", "activate", odd]],
    ["gauntlet attacks activate 'odd\t", ["attacks", "activate", odd]],
    ["gauntlet attacks activate run\t", ["attacks", "activate", hostile]],
    ["gauntlet evaluate --attack ddn@\t", ["evaluate", "--attack", "ddn@1.0.0"]],
    ["gauntlet evaluate --attack=dd\t", ["evaluate", "--attack=ddn@1.0.0"]],
    ["gauntlet evaluate --atta\tddn", ["evaluate", "--attack", "ddn"]],
    ["gauntlet run my\t", ["run", "my folder"]],
    ["gauntlet models import my\\ fi\t", ["models", "import", "my file"]],
    ["cd . ; X=1 gauntlet lead\t", ["leaderboard"]],
  ];

  const shells: ShellName[] = ["bash", "zsh", "fish"];
  for (const shell of shells)
    test.skipIf(!hasProgram(shell) || !hasProgram("python3"))(
      `commands, options, names and paths, whatever is in them [${shell}, python3]`,
      async () => {
        const { data, close } = await coreWithSets(plain, odd, hostile);
        await close();
        const cwd = temporaryFolder();
        mkdirSync(join(cwd, "my folder"));
        writeFileSync(join(cwd, "my file"), "");
        const lines = typed.map(([line]) => line);
        const { calls, shown } = await typeInShell(shell, lines, { data, cwd });
        const got = calls.map((words) => words.map((word) => word.replace(/\/$/, "")));
        expect(got, shown).toEqual(typed.map(([, words]) => words));
        expect(existsSync(join(cwd, "pwned"))).toBe(false);
      },
    );
});

describe("gauntlet __complete", () => {
  const ask = (data: string, ...words: string[]) => runCli(["__complete", "--", ...words], data);

  test("asks the core that owns the folder", async () => {
    const { data } = await coreWithSets(plain);
    // Whoever read the file would take it for a newer Gauntlet's.
    const db = new Database(join(data, "catalog.sqlite"));
    db.pragma("user_version = 999");
    db.close();
    expect(await ask(data, "attacks", "activate", "T")).toEqual({
      status: 0,
      stdout: `names\n${plain}\t\n`,
      stderr: "",
    });
  });

  test("reads the catalog where no core runs, and where one does not answer", async () => {
    const { data, close } = await coreWithSets(plain, odd);
    await close();
    const answer = { status: 0, stdout: `names\n${plain}\t\n`, stderr: "" };
    expect(await ask(data, "attacks", "activate", "T")).toEqual(answer);
    expect(readdirSync(data)).not.toContain("owner.json");
    const deaf = createServer(() => undefined);
    await new Promise<void>((resolve) => deaf.listen(socketPath(data), resolve));
    onTestFinished(() => void deaf.close());
    expect(await ask(data, "attacks", "activate", "T")).toEqual(answer);
  });

  test("takes the data folder that the line names", async () => {
    const { data, close } = await coreWithSets(plain);
    await close();
    const elsewhere = temporaryFolder();
    for (const option of [["--data", data], [`--data=${data}`]])
      expect((await ask(elsewhere, ...option, "attacks", "activate", "T")).stdout).toContain(plain);
  });

  test("prints nothing where something is amiss, and makes nothing", async () => {
    const nothing = { status: 0, stdout: "", stderr: "" };
    const none = { status: 0, stdout: "names\n", stderr: "" };
    const data = join(temporaryFolder(), "not-there");
    expect(await ask(data, "attacks", "activate", "")).toEqual(none);
    expect(existsSync(data)).toBe(false);
    mkdirSync(data);
    writeFileSync(join(data, "catalog.sqlite"), "no database, whatever its name says".repeat(50));
    expect(await ask(data, "attacks", "activate", "")).toEqual(nothing);
    rmSync(join(data, "catalog.sqlite"));
    expect(await ask(data, "frobnicate", "activate", "")).toEqual(none);
  });
});
