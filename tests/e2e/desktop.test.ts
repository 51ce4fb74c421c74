/** What the window does beyond the pages, which tests/e2e tries in a browser. */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connectToCore } from "../../core/api/socket-client.ts";
import { hasProgram } from "../parts.ts";
import { openDesktop } from "../support/desktop.ts";
import { folderWith, openTestCore, until, untilDone } from "../support/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const hasElectron = hasProgram("electron");

const experiment = (command = "") => ({
  "gauntlet.yaml": "name: toy\ntrain: { command: [node, main.mjs] }\n",
  "main.mjs": `console.log("training");${command}`,
});

/** A job that runs until it is stopped. */
const endless = "setInterval(() => undefined, 1000)";

test.skipIf(!hasElectron)(
  "the window shows what the core knows, and goes on when the core is killed [electron]",
  async () => {
    const data = temporaryFolder();
    const { page, problems } = await openDesktop(data);
    await page.getByText("Your runs will be here").waitFor();
    const before = await connectToCore(data);
    const { pid } = await before.client.system.info({});
    const { run } = await before.client.runs.submit({ folder: folderWith(experiment()) });
    await untilDone(before.client, [run]);
    const rows = page.getByRole("grid", { name: "Runs" }).getByRole("row");
    await expect.poll(() => rows.count()).toBe(2);

    process.kill(pid, "SIGKILL");
    await before.lost;
    const after = await until(() => connectToCore(data).catch(() => false as const));
    expect((await after.client.system.info({})).pid).not.toBe(pid);
    const second = await after.client.runs.submit({ folder: folderWith(experiment()) });
    await expect.poll(() => rows.count()).toBe(3);
    await untilDone(after.client, [second.run]);
    after.close();
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasElectron)(
  "the page has nothing of Node, and leads nowhere but to itself [electron]",
  async () => {
    const { app, page } = await openDesktop(temporaryFolder());
    await page.getByText("Your runs will be here").waitFor();
    const own = await page.evaluate(() => ({
      node: [typeof require, typeof process, typeof module, typeof Buffer],
      bridge: Object.keys((globalThis as unknown as { gauntlet: object }).gauntlet).sort(),
    }));
    expect(own.node).toEqual(Array(4).fill("undefined"));
    expect(own.bridge).toEqual(["chooseFolder", "connect", "onOpen", "pathOf", "setTheme"]);
    const settings = await app.evaluate(({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows();
      // Not in the types: what a page was really given.
      const contents = window?.webContents as unknown as {
        getLastWebPreferences(): Record<string, unknown>;
      };
      const { sandbox, contextIsolation, nodeIntegration, webSecurity } =
        contents.getLastWebPreferences();
      return { sandbox, contextIsolation, nodeIntegration, webSecurity };
    });
    expect(settings).toEqual({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
    });
    // What would leave is noted instead: the person's browser is no part of the test.
    await app.evaluate(({ shell }) => {
      const opened: string[] = [];
      Object.assign(globalThis, { opened });
      shell.openExternal = (url) => {
        opened.push(url);
        return Promise.resolve();
      };
    });
    await page.evaluate(`
      open("https://example.org/");
      open("file:///etc/passwd");
      const link = document.createElement("a");
      document.body.append(link);
      link.href = "file:///etc/passwd";
      link.click();
    `);
    // The driver waits for a navigation that never comes: the page itself is asked.
    await page.evaluate("void (location.hash = '#/settings')");
    await expect.poll(() => page.evaluate("document.body.innerText")).toContain("Rows of tables");
    expect(await page.evaluate("location.origin")).toBe("app://gauntlet");
    expect(app.windows()).toHaveLength(1);
    const opened = () => app.evaluate(() => (globalThis as unknown as { opened: string[] }).opened);
    expect(await opened()).toEqual(["https://example.org/"]);
    await page.evaluate(`{
      const link = document.createElement("a");
      document.body.append(link);
      link.href = "https://example.org/away";
      link.click();
    }`);
    await expect.poll(opened).toEqual(["https://example.org/", "https://example.org/away"]);
    expect(await page.evaluate("location.origin")).toBe("app://gauntlet");
    expect(await page.evaluate(() => fetch("https://example.org/").catch(() => "refused"))).toBe(
      "refused",
    );
    expect(await page.evaluate("Notification.requestPermission()")).toBe("denied");
  },
);

test.skipIf(!hasElectron)(
  "menus lead to pages; a folder comes by dialog, by drop and by a second start [electron]",
  async () => {
    const { app, page, startAgain, problems } = await openDesktop(temporaryFolder());
    const choose = (id: string) =>
      app.evaluate(
        ({ Menu }, wanted) => Menu.getApplicationMenu()?.getMenuItemById(wanted)?.click(),
        id,
      );
    await choose("/robustness");
    await page.getByText("Models will be ranked here").waitFor();
    await choose("settings");
    await page.getByText("Rows of tables").waitFor();

    const folders = [1, 2, 3].map(() => realpathSync(folderWith(experiment())));
    const [chosen = "", dropped = "", started = ""] = folders;
    await app.evaluate(({ dialog }, path) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [path] });
    }, chosen);
    await choose("launch");
    await page.getByRole("button", { name: "Choose…" }).click();
    const folder = page.getByLabel("Folder with gauntlet.yaml");
    await expect.poll(() => folder.inputValue()).toBe(chosen);
    await expect.poll(() => decodeURIComponent(page.url())).toContain(chosen);

    await page.getByRole("link", { name: "Runs", exact: true }).click();
    const session = await page.context().newCDPSession(page);
    for (const type of ["dragEnter", "dragOver", "drop"] as const)
      await session.send("Input.dispatchDragEvent", {
        type,
        x: 600,
        y: 400,
        data: { items: [], files: [join(dropped, "gauntlet.yaml")], dragOperationsMask: 1 },
      });
    await expect.poll(() => folder.inputValue()).toBe(dropped);

    await page.getByRole("link", { name: "Runs", exact: true }).click();
    expect(await startAgain(started)).toBe(0);
    await expect.poll(() => folder.inputValue()).toBe(started);
    expect(app.windows()).toHaveLength(1);
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasElectron)(
  "closing the window over a running job says so once; the job outlives even the end [electron]",
  async () => {
    const data = temporaryFolder();
    const { app, page, startAgain, quit } = await openDesktop(data);
    await page.getByText("Your runs will be here").waitFor();
    const { client, close } = await connectToCore(data);
    const { run } = await client.runs.submit({ folder: folderWith(experiment(endless)) });
    await until(async () => (await client.runs.get({ run })).state === "running");
    close();
    await app.evaluate(({ dialog }) => {
      const told: string[] = [];
      Object.assign(globalThis, { told });
      const answer = (_window: unknown, { message }: { message: string }) => {
        told.push(message);
        return Promise.resolve({ response: 0, checkboxChecked: false });
      };
      Object.assign(dialog, { showMessageBox: answer });
    });
    const closeWindow = () =>
      app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    const windows = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
    await page.getByText("1 running").first().waitFor();
    await closeWindow();
    await expect.poll(windows).toBe(0);
    expect(await startAgain()).toBe(0);
    await expect.poll(windows).toBe(1);
    await closeWindow();
    await expect.poll(windows).toBe(0);
    const told = await app.evaluate(() => (globalThis as unknown as { told: string[] }).told);
    expect(told).toEqual(["Jobs go on: 1 running."]);

    await quit();
    const next = await openTestCore(data);
    expect((await next.client.runs.get({ run })).state).toBe("running");
    await next.client.runs.stop({ run });
    await untilDone(next.client, [run]);
    expect((await next.client.runs.get({ run })).state).toBe("cancelled");
  },
);
