/** `gauntlet import`: a docker run line becomes a file, and nothing else happens. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { splitCommands } from "../../shared/docker-run/words.ts";
import { hasProgram } from "../parts.ts";
import { runCli } from "../support/cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const program = fileURLToPath(new URL("../../cli/gauntlet.mjs", import.meta.url));
const line =
  "docker run -d --privileged -e HF_TOKEN=abc -v out:/out --gpus 1 lab/vq:3 python a.py /out/b";

test("writes gauntlet.yaml into a new folder of the experiment's name, and prints the notes", async () => {
  const cwd = temporaryFolder();
  const { status, stdout, stderr } = await runCli(["import", line], join(cwd, "data"), cwd);
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(stdout).toContain("Made vq/gauntlet.yaml.");
  expect(stdout).toMatch(/^unsafe {3}--privileged$/m);
  expect(stdout).toMatch(/^unsafe {3}-e HF_TOKEN$/m);
  expect(stdout).not.toContain("abc");
  const text = readFileSync(join(cwd, "vq", "gauntlet.yaml"), "utf8");
  expect(parse(text)).toEqual({
    name: "vq",
    image: "lab/vq:3",
    train: { command: ["python", "a.py", "/gauntlet/out/b"], resources: { gpus: 1 } },
  });
  expect(text).not.toContain("abc");
  expect(existsSync(join(cwd, "data"))).toBe(false);
});

test("--json and --folder; a folder that is there keeps what is in it", async () => {
  const cwd = temporaryFolder();
  mkdirSync(join(cwd, "code"));
  writeFileSync(join(cwd, "code", "a.py"), "pass\n");
  const arguments_ = ["import", line, "--folder", "code", "--json"];
  const { status, stdout } = await runCli(arguments_, join(cwd, "data"), cwd);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    folder: join(cwd, "code"),
    file: join(cwd, "code", "gauntlet.yaml"),
    name: "vq",
    notes: expect.arrayContaining([
      { level: "unsafe", about: "--privileged", text: expect.stringMatching(/rights/) },
    ]),
  });
  expect(readFileSync(join(cwd, "code", "a.py"), "utf8")).toBe("pass\n");
});

test.each(["file", "link"])("a gauntlet.yaml that is a %s is never overwritten", async (kind) => {
  const cwd = temporaryFolder();
  const file = join(cwd, "gauntlet.yaml");
  const other = join(cwd, "other");
  if (kind === "link") symlinkSync(other, file);
  else writeFileSync(file, "mine");
  const { status, stderr } = await runCli(["import", line, "--folder", "."], join(cwd, "d"), cwd);
  expect(status).toBe(5);
  expect(stderr).toMatch(/^FILE_EXISTS: .*gauntlet\.yaml is there already\.\n {2}hint: /);
  expect(kind === "link" ? existsSync(other) : readFileSync(file, "utf8")).toBe(
    kind === "link" ? false : "mine",
  );
});

test("a folder of the experiment's name that is there is not written into", async () => {
  const cwd = temporaryFolder();
  mkdirSync(join(cwd, "vq"));
  const { status, stderr } = await runCli(["import", line], join(cwd, "data"), cwd);
  expect(status).toBe(5);
  expect(stderr).toContain("FILE_EXISTS");
  expect(existsSync(join(cwd, "vq", "gauntlet.yaml"))).toBe(false);
});

test("- reads standard input; what is no docker run ends with status 3", () => {
  const cwd = temporaryFolder();
  const ask = (input: string) => {
    const words = [program, "--data", join(cwd, "data"), "import", "-", "--json"];
    return spawnSync(process.execPath, words, { cwd, input, encoding: "utf8" });
  };
  const read = ask("#!/bin/sh\ndocker run \\\n  --name from-file \\\n  lab/vq:3 a\n");
  expect(JSON.parse(read.stdout)).toMatchObject({ name: "from-file" });
  expect(ask("echo $(touch pwned)").status).toBe(3);
  expect(ask("a".repeat(200_000)).status).toBe(3);
  expect(existsSync(join(cwd, "pwned"))).toBe(false);
});

describe.skipIf(!hasProgram("bash"))("as a shell would [bash]", () => {
  const lines = [
    `a 'b c' "d e" f\\ g`,
    `--gpus '"device=0,1"' "device=\\"0,1\\""`,
    `"\\a \\\\ \\$x \\\`" '\\a' \\a`,
    "a \\\n b\\\nc 'd\ne' \"f\\\ng\"",
    `'' "" a''b"" x#y # z`,
    `--a=b'c'"d"\\e -v a:b,c=d@e%f+g^h,i`,
    `é\\é '😀' "\t" \\😀`,
  ];
  test.each(lines)("%j is split in the same way", (text) => {
    const script = `for word in ${text}\ndo printf '%s\\0' "$word"; done`;
    const expected = execFileSync("bash", ["-c", script], { encoding: "utf8" }).split("\0");
    expected.pop();
    const [command] = splitCommands(text);
    expect(command?.words.map((word) => word.text)).toEqual(expected);
  });
});
