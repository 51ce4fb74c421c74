/** The window among what the system has: its places, its icon beside the clock, its notices. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { connectToCore } from "../../core/api/socket-client.ts";
import { hasProgram } from "../parts.ts";
import { folderWith, until, untilDone } from "../support/core.ts";
import { openDesktop, programFor } from "../support/desktop.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const hasElectron = hasProgram("electron");

const experiment = () =>
  folderWith({
    "gauntlet.yaml": "name: toy\ntrain: { command: [node, main.mjs] }\n",
    "main.mjs": `console.log("training");`,
  });

test.skipIf(!hasElectron)(
  "the next window opens where the last one was, in the theme that was chosen [electron]",
  async () => {
    const data = temporaryFolder();
    const first = await openDesktop(data);
    await first.page.getByRole("button", { name: "Dark theme" }).click();
    const source = () => first.app.evaluate(({ nativeTheme }) => nativeTheme.themeSource);
    await expect.poll(source).toBe("dark");
    const placed = { x: 60, y: 40, width: 1000, height: 640 };
    await first.app.evaluate(({ BrowserWindow }, bounds) => {
      BrowserWindow.getAllWindows()[0]?.setBounds(bounds);
    }, placed);
    const boundsOf = ({ app }: typeof first) =>
      app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds());
    await expect.poll(() => boundsOf(first)).toEqual(placed);
    await first.quit();

    const second = await openDesktop(data);
    expect(await boundsOf(second)).toEqual(placed);
    const seen = await second.app.evaluate(({ BrowserWindow, nativeTheme }) => [
      nativeTheme.themeSource,
      BrowserWindow.getAllWindows()[0]?.getBackgroundColor().toLowerCase(),
    ]);
    expect(seen).toEqual(["dark", "#0e0e12"]);
    expect(await second.page.locator("html").getAttribute("data-theme")).toBe("dark");
  },
);

test.skipIf(!hasElectron)(
  "the tray counts jobs; ends are told once each, many in one notice, to who looks elsewhere [electron]",
  async () => {
    const data = temporaryFolder();
    const { app, page } = await openDesktop(data);
    await page.getByText("Your runs will be here").waitFor();
    // What the system is given is noted on its way: there may be no tray and no notices here.
    await app.evaluate(({ BrowserWindow, Menu, Notification }) => {
      const counts: string[] = [];
      const notices: string[] = [];
      Object.assign(globalThis, { counts, notices });
      const build = Menu.buildFromTemplate;
      Menu.buildFromTemplate = (template) => {
        counts.push(String(template[0]?.label));
        return build(template);
      };
      Notification.isSupported = () => true;
      Notification.prototype.on = function on(this: Electron.Notification) {
        notices.push(this.title);
        return this;
      };
      BrowserWindow.getAllWindows()[0]?.hide();
    });
    const noted = () =>
      app.evaluate(() => {
        const { counts, notices } = globalThis as unknown as Record<"counts" | "notices", string[]>;
        return { counts, notices };
      });
    const { client, close } = await connectToCore(data);
    const runs = [];
    for (let each = 0; each < 4; each++)
      runs.push((await client.runs.submit({ folder: experiment() })).run);
    await untilDone(client, runs);
    const { name } = await client.runs.get({ run: runs[0] ?? "" });
    close();
    await expect.poll(async () => (await noted()).counts.at(-1)).toBe("no jobs");
    await expect.poll(async () => (await noted()).notices.length).toBeGreaterThan(0);
    const { counts, notices } = await noted();
    expect(counts.some((words) => /^\d running/.test(words))).toBe(true);
    // The others wait for half a minute and then come together.
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(new RegExp(`^${name} succeeded|^\\d runs ended`));
  },
);

test.skipIf(!hasElectron)(
  "a data folder that cannot be written is told of, and opens no window [electron]",
  async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    const { command, args, env } = programFor(join(file, "data"));
    const child = spawn(command, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    onTestFinished(async () => {
      // The box waits for somebody to close it.
      child.kill("SIGKILL");
      await ended;
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
    await until(() => Promise.resolve(said.includes("DATA_FOLDER_READ_ONLY")));
    expect(said).toContain("DATA_FOLDER_READ_ONLY: The data folder");
  },
);
