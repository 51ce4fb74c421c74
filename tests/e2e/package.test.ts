/** The app as it is shipped: what it is locked against, and that it needs nothing of the machine. */
import { execFileSync, spawn } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { connectToCore } from "../../core/api/socket-client.ts";
import { hasProgram, part } from "../parts.ts";
import { openTestCore, until } from "../support/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const unpacked = join(root, "dist", "installers", "linux-unpacked");

/** For a window that hangs, ms. */
const deadline = 120_000;

/** State of the fuses in an Electron binary, "0" and "1", in the order of electron/fuses. */
function fusesOf(program: string): string {
  const marker = Buffer.from("dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX");
  const binary = readFileSync(program);
  const at = binary.indexOf(marker);
  expect(at).toBeGreaterThan(0);
  const length = binary[at + marker.length + 1] ?? 0;
  const start = at + marker.length + 2;
  return binary.toString("latin1", start, start + length);
}

test.skipIf(!hasProgram("electron") || process.platform !== "linux")(
  "the unpacked app trains without a Node on the machine, and its jobs outlive it [electron]",
  { timeout: 300_000 },
  async () => {
    execFileSync(
      process.execPath,
      [join(root, "scripts", "package.mjs"), "--dir", "--electron", dirname(part("electron").at)],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    const program = join(unpacked, "gauntlet-desktop");
    // runAsNode off, cookies encrypted, NODE_OPTIONS and --inspect off, only from the archive.
    const [runAsNode, cookies, nodeOptions, inspect, , onlyAsar] = fusesOf(program);
    expect([runAsNode, cookies, nodeOptions, inspect, onlyAsar]).toEqual(["0", "1", "0", "0", "1"]);

    const data = temporaryFolder();
    const child = spawn(program, ["--no-sandbox", "--remote-debugging-port=0", "--data", data], {
      env: {
        HOME: temporaryFolder(),
        PATH: "/nowhere",
        DISPLAY: process.env["TESTWORLD_DISPLAY"] ?? process.env["DISPLAY"],
      },
      stdio: ["ignore", "ignore", "pipe"],
      timeout: deadline,
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    onTestFinished(async () => {
      child.kill("SIGKILL");
      await ended;
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
    const debugging = await until(() =>
      Promise.resolve(/DevTools listening on ws:\/\/([^/]+)/.exec(said)?.[1]),
    );
    await until(async () => {
      const pages = (await (await fetch(`http://${debugging}/json`)).json()) as { title: string }[];
      return pages.some(({ title }) => title === "Runs · Gauntlet");
    });

    const { client, lost, close } = await until(() =>
      connectToCore(data).catch(() => false as const),
    );
    const { pid } = await client.system.info({});
    const node = join(unpacked, "resources", "gauntlet", "node_modules", "node", "bin", "node");
    expect(realpathSync(`/proc/${pid}/exe`)).toBe(realpathSync(node));
    const { runs } = await client.demo.start({});
    const [first = ""] = runs;
    await until(async () => {
      const { state, attempts } = await client.runs.get({ run: first });
      expect(state).not.toBe("failed");
      return attempts.some((attempt) => attempt.state === "running");
    });
    close();
    // Killed, not quit: host and core see it and end, the job does not.
    child.kill("SIGKILL");
    await ended;
    await lost;
    await sleep(500);
    const core = await openTestCore(data);
    await core.client.work.resume({});
    await until(async () => {
      const { state, attempts } = await core.client.runs.get({ run: first });
      expect(state).not.toBe("failed");
      return attempts.some(({ stage, state: at }) => stage === "train" && at === "succeeded");
    });
    const { attempts } = await core.client.runs.get({ run: first });
    expect(attempts.filter(({ stage }) => stage === "train")).toHaveLength(1);
    for (const run of runs) await core.client.runs.stop({ run });
    await until(async () => (await core.client.system.overview({})).jobs.running === 0);
  },
);
