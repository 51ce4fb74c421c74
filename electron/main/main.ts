/** The window's process: thin, and without a word of what experiments are. */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { app, type BrowserWindow, dialog, ipcMain, nativeTheme, type WebContents } from "electron";
import { prepareDataFolder } from "../../core/platform/data-folder.ts";
import { exitStatusOf, GauntletError } from "../../shared/errors.ts";
import { channels } from "../channels.ts";
import { guardPages, isOurs, refusePermissions } from "./guards.ts";
import { type Host, startHost } from "./host-process.ts";
import { setMenu } from "./menu.ts";
import { notifyEnded } from "./notifications.ts";
import { dataFolder, installation, nodeOf } from "./paths.ts";
import { isTheme, type Memory, openMemory } from "./memory.ts";
import { registerScheme, servePages } from "./pages.ts";
import { secretsKey } from "./secrets-key.ts";
import { createTray, describeJobs, type JobsTray } from "./tray.ts";
import { openWindow, showWindow } from "./window.ts";

const data = dataFolder();
let window: BrowserWindow | null = null;
let host: Host | null = null;
let tray: JobsTray | null = null;
let icon = "";
let memory: Memory;
let jobs = { running: 0, queued: 0 };
let isQuitting = false;
let isDrained = false;

app.setName("Gauntlet");
registerScheme();
guardPages();

const problem = prepare();
if (problem) {
  // Before the application is ready a box would be a line on the error stream of nobody.
  void app.whenReady().then(() => {
    process.stderr.write(`${problem.code}: ${problem.message}\n`);
    dialog.showErrorBox(problem.message, `${problem.hint}\n\n${problem.code}`);
    app.exit(exitStatusOf(problem.code));
  });
} else if (app.requestSingleInstanceLock()) {
  app.on("second-instance", (_event, args, workingFolder) =>
    open(pathFor(args, workingFolder) ?? undefined),
  );
  app.on("window-all-closed", () => {
    // Jobs that wait need the core: it stays, and the icon beside the clock with it.
    if (jobs.running + jobs.queued === 0 || isQuitting) app.quit();
  });
  app.on("activate", () => open());
  app.on("before-quit", (event) => {
    isQuitting = true;
    if (isDrained) return;
    event.preventDefault();
    void drain();
  });
  app
    .whenReady()
    .then(start)
    .catch((error: unknown) => {
      dialog.showErrorBox("Gauntlet cannot start", String(error));
      app.exit(1);
    });
} else app.quit();

/** Takes the folder for what the window keeps. Gives what is wrong with the data folder, or null. */
function prepare(): GauntletError | null {
  const own = join(data, "window");
  try {
    prepareDataFolder(data);
    prepareDataFolder(own);
  } catch (error) {
    if (error instanceof GauntletError) return error;
    throw error;
  }
  // One window and one core for each data folder.
  app.setPath("userData", own);
  memory = openMemory(join(own, "window.json"));
  return null;
}

async function start(): Promise<void> {
  nativeTheme.themeSource = memory.get().theme;
  const folder = await installation(data);
  icon = join(folder, "resources", "icons", "gauntlet-512.png");
  refusePermissions();
  servePages(join(folder, "dist", "renderer"));
  setMenu({ data, open, openFolder: () => void chooseExperiment() });
  tray = createTray({ icon, open: () => open(), quit: () => app.quit() });
  host = startHost({
    node: nodeOf(folder),
    script: join(folder, "cli", "gauntlet.mjs"),
    data,
    secretsKey: secretsKey(join(data, "window", "secrets.key")),
    onNote(note) {
      if (note.kind === "jobs") {
        jobs = note;
        tray?.show(note);
        if (window === null && !isQuitting && note.running + note.queued === 0) app.quit();
      }
      if (note.kind === "ended" && window?.isFocused() !== true) notifyEnded(note, open);
    },
  });
  ipcMain.on(channels.connect, ({ sender, senderFrame }) => {
    if (senderFrame && isOurs(senderFrame.url)) host?.connect(sender);
  });
  ipcMain.on(channels.theme, ({ senderFrame }, theme: unknown) => {
    if (!senderFrame || !isOurs(senderFrame.url)) return;
    if (!isTheme(theme) || theme === memory.get().theme) return;
    nativeTheme.themeSource = theme;
    memory.set({ theme });
  });
  ipcMain.handle(channels.chooseFolder, ({ sender, senderFrame }) =>
    senderFrame && isOurs(senderFrame.url) ? chooseFolder(sender) : null,
  );
  open(pathFor(process.argv, process.cwd()) ?? undefined);
}

/** Shows the window, at an address of the app if one is given. */
function open(path?: string): void {
  if (window) {
    showWindow(window, path);
    return;
  }
  const made = openWindow(icon, memory, path);
  window = made;
  made.on("close", (event) => {
    const { hasToldOfJobs } = memory.get();
    if (isQuitting || hasToldOfJobs || jobs.running + jobs.queued === 0) return;
    event.preventDefault();
    memory.set({ hasToldOfJobs: true });
    void tellOfJobs(made);
  });
  made.on("closed", () => {
    window = null;
  });
}

/** Once and for all, when the window is first closed over unfinished jobs. */
async function tellOfJobs(over: BrowserWindow): Promise<void> {
  const { response } = await dialog.showMessageBox(over, {
    type: "info",
    message: `Jobs go on: ${describeJobs(jobs)}.`,
    detail:
      "Gauntlet stays beside the clock until they are done, and opens again from there. Quit instead " +
      "and what runs goes on; what is queued waits for the next start.",
    buttons: ["Close the window", "Quit Gauntlet"],
    defaultId: 0,
    cancelId: 0,
  });
  if (response === 1) app.quit();
  else over.close();
}

async function chooseFolder(page: WebContents): Promise<string | null> {
  if (!window || window.webContents !== page) return null;
  const { filePaths } = await dialog.showOpenDialog(window, {
    title: "An experiment's folder",
    properties: ["openDirectory"],
  });
  return filePaths[0] ?? null;
}

async function chooseExperiment(): Promise<void> {
  if (!window) open();
  if (!window) return;
  const chosen = await chooseFolder(window.webContents);
  if (chosen) open(launchPath(chosen));
}

/** Where a start with a folder or its gauntlet.yaml as an argument goes. */
function pathFor(args: readonly string[], workingFolder: string): string | null {
  for (const arg of args.slice(1).reverse()) {
    if (arg.startsWith("-")) continue;
    const named = isAbsolute(arg) ? arg : resolve(workingFolder, arg);
    const experiment = basename(named) === "gauntlet.yaml" ? dirname(named) : named;
    const isFolder = existsSync(experiment) && statSync(experiment).isDirectory();
    if (isFolder && existsSync(join(experiment, "gauntlet.yaml"))) return launchPath(experiment);
  }
  return null;
}

function launchPath(experiment: string): string {
  return `/launch?folder=${encodeURIComponent(JSON.stringify(experiment))}`;
}

/** Lets the core finish what it is at, and quits then. */
async function drain(): Promise<void> {
  await host?.end();
  isDrained = true;
  app.quit();
}
