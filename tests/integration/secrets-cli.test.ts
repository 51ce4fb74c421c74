/** `gauntlet secrets`: values go in, and never come out. */
import { spawn } from "node:child_process";
import { chmodSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { hasProgram } from "../parts.ts";
import { runCli } from "../support/cli.ts";
import { folderWith } from "../support/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const value = "Tq7-secret/Value+0123456789";
const timeout = 60_000;

function keptIn(data: string): Record<string, { value: string }> {
  return JSON.parse(readFileSync(join(data, "secrets.json"), "utf8")).secrets;
}

test("set, list, use and remove", { timeout }, async () => {
  const data = temporaryFolder();
  const folder = folderWith({
    "gauntlet.yaml": `name: a\nsecrets: { TOKEN: {} }\ntrain: { command: [node, -e, "console.log(process.env.TOKEN.length, process.env.TOKEN)"] }\n`,
  });
  const refused = await runCli(["run", folder], data);
  expect(refused).toMatchObject({ status: 3, stdout: "" });
  expect(refused.stderr).toMatch(/SECRET_MISSING[^]*gauntlet secrets set TOKEN/);
  expect(
    await runCli(["secrets", "set", "TOKEN"], data, undefined, { input: `${value}\r\n` }),
  ).toMatchObject({
    status: 0,
    stdout: "Kept TOKEN.\n",
  });
  expect(statSync(join(data, "secrets.json")).mode & 0o777).toBe(0o600);
  const run = await runCli(["run", folder], data);
  expect(run.status, run.stderr).toBe(0);
  const list = await runCli(["secrets", "--json"], data);
  expect(JSON.parse(list.stdout)).toEqual([{ name: "TOKEN", setAt: expect.any(Number) }]);
  const { runs } = JSON.parse((await runCli(["runs", "list", "--json"], data)).stdout);
  const logs = await runCli(["runs", "logs", runs[0].name], data);
  expect(logs.stdout).toBe("27 ***\n");
  expect(JSON.stringify([refused, run, list, logs])).not.toContain(value);
  chmodSync(join(data, "secrets.json"), 0o644);
  const exposed = await runCli(["run", folder], data);
  expect(exposed).toMatchObject({ status: 6 });
  expect(exposed.stderr).toContain("SECRETS_EXPOSED");
  chmodSync(join(data, "secrets.json"), 0o600);
  expect(await runCli(["secrets", "remove", "TOKEN"], data)).toMatchObject({ status: 0 });
  expect((await runCli(["secrets", "remove", "TOKEN"], data)).status).toBe(4);
  expect((await runCli(["secrets"], data)).stdout).toContain("No secrets yet");
});

test(
  "text of several lines is kept as it is; what cannot be kept is refused",
  { timeout },
  async () => {
    const data = temporaryFolder();
    await runCli(["secrets", "set", "KEY"], data, undefined, { input: "BEGIN\nkey\nEND\n" });
    expect(keptIn(data)["KEY"]?.value).toBe("BEGIN\nkey\nEND\n");
    const cases = [
      ["OTHER", "", "must not be empty"],
      ["OTHER", "a\0b", "without NUL"],
      ["OTHER", "x".repeat(40_000), "at most 32768 characters"],
      ["OTHER", "x".repeat(200_000), "more than 32768 characters"],
      ["NO-NAME", "x", "letters, digits and '_'"],
    ] as const;
    for (const [name, input, words] of cases) {
      const { status, stderr } = await runCli(["secrets", "set", name], data, undefined, { input });
      expect([status, stderr]).toEqual([3, expect.stringContaining(words)]);
    }
    expect(Object.keys(keptIn(data))).toEqual(["KEY"]);
  },
);

test.skipIf(!hasProgram("python3"))(
  "a terminal shows nothing of what is typed [python3]",
  { timeout },
  async () => {
    const data = temporaryFolder();
    const gauntlet = fileURLToPath(new URL("../../cli/gauntlet.mjs", import.meta.url));
    const terminal = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";
    const args = [
      "-c",
      terminal,
      process.execPath,
      gauntlet,
      "--data",
      data,
      "secrets",
      "set",
      "A",
    ];
    const child = spawn("python3", args, { stdio: ["pipe", "pipe", "inherit"] });
    let seen = "";
    const status = await new Promise((resolve) => {
      child.stdout.on("data", (chunk: Buffer) => {
        const asked = seen.includes("Value of A: ");
        seen += chunk.toString("utf8");
        // A mistyped letter is taken back.
        if (!asked && seen.includes("Value of A: ")) child.stdin.write(`${value}x\u007f\r`);
      });
      child.once("close", resolve);
    });
    expect(status).toBe(0);
    expect(seen).toContain("Kept A.");
    expect(seen).not.toContain(value.slice(0, 4));
    expect(keptIn(data)["A"]?.value).toBe(value);
  },
);
