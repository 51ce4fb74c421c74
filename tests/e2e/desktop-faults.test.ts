/** What the window does when what it stands on dies, is taken, or cannot be had. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { connectToCore } from "../../core/api/socket-client.ts";
import { hasProgram } from "../parts.ts";
import { startCli } from "../support/cli.ts";
import { folderWith, until, untilDone } from "../support/core.ts";
import { openDesktop } from "../support/desktop.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const hasElectron = hasProgram("electron");

const experiment = () =>
  folderWith({
    "gauntlet.yaml": "name: toy\ntrain: { command: [node, main.mjs] }\n",
    "main.mjs": `console.log("training");`,
  });

/** The process that started another, on Linux. */
function parentOf(pid: number): number {
  const [, , parent] = readFileSync(`/proc/${pid}/stat`, "latin1").replace(/^.*\)/, "0").split(" ");
  return Number(parent);
}

test.skipIf(!hasElectron)(
  "a page goes on when the process between it and the core is killed [electron]",
  async () => {
    const data = temporaryFolder();
    const { page, problems } = await openDesktop(data);
    await page.getByText("Your runs will be here").waitFor();
    const before = await connectToCore(data);
    const { pid } = await before.client.system.info({});
    process.kill(parentOf(pid), "SIGKILL");
    await before.lost;
    const after = await until(() => connectToCore(data).catch(() => false as const));
    const { run } = await after.client.runs.submit({ folder: experiment() });
    const rows = page.getByRole("grid", { name: "Runs" }).getByRole("row");
    await expect.poll(() => rows.count()).toBe(2);
    await untilDone(after.client, [run]);
    after.close();
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasElectron)(
  "a window beside another owner of the folder shows its runs, and takes over when it ends [electron]",
  async () => {
    const data = temporaryFolder();
    const owner = startCli(["serve", "--json"], data);
    const ended = new Promise((resolve) => owner.once("exit", resolve));
    onTestFinished(async () => {
      owner.kill("SIGKILL");
      await ended;
    });
    const first = await until(() => connectToCore(data).catch(() => false as const));
    expect((await first.client.system.info({})).pid).toBe(owner.pid);
    const { run } = await first.client.runs.submit({ folder: experiment() });
    await untilDone(first.client, [run]);

    const { page, problems } = await openDesktop(data);
    const rows = page.getByRole("grid", { name: "Runs" }).getByRole("row");
    await expect.poll(() => rows.count()).toBe(2);
    owner.kill("SIGTERM");
    await first.lost;
    const second = await until(() => connectToCore(data).catch(() => false as const));
    expect((await second.client.system.info({})).pid).not.toBe(owner.pid);
    const next = await second.client.runs.submit({ folder: experiment() });
    await expect.poll(() => rows.count()).toBe(3);
    await untilDone(second.client, [next.run]);
    second.close();
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasElectron)(
  "a core that cannot start is told of with its code, and tried again [electron]",
  async () => {
    const data = temporaryFolder();
    const catalog = join(data, "catalog.sqlite");
    writeFileSync(catalog, "this is no database ".repeat(1000));
    const { page } = await openDesktop(data, { waitsFor: "Gauntlet cannot open its data folder" });
    await page.getByText("CATALOG_DAMAGED").waitFor();
    expect(await page.getByRole("navigation").count()).toBe(0);
    rmSync(catalog);
    await page.getByText("Your runs will be here").waitFor({ timeout: 60_000 });
  },
);

test.skipIf(!hasElectron)(
  "a page whose process dies is loaded anew where it was [electron]",
  async () => {
    const { app, page } = await openDesktop(temporaryFolder());
    await page.getByText("Your runs will be here").waitFor();
    await page.evaluate("void (location.hash = '#/settings')");
    await page.getByText("Rows of tables").waitFor();
    // The driver's own page is dead from here on: main is asked what the window shows.
    await app.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      const loaded = new Promise<void>((resolve) => {
        contents?.once("did-finish-load", () => resolve());
      });
      contents?.forcefullyCrashRenderer();
      return loaded;
    });
    const shown = () =>
      app.evaluate(({ BrowserWindow }) => {
        const contents = BrowserWindow.getAllWindows()[0]?.webContents;
        return contents?.executeJavaScript("document.body.innerText") as Promise<string>;
      });
    await expect.poll(shown).toContain("Rows of tables");
  },
);
