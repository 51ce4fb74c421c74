import { join } from "node:path";
import { BrowserWindow, nativeTheme, screen, type WebContents } from "electron";
import { channels } from "../channels.ts";
import { appOrigin } from "./pages.ts";
import type { Memory } from "./memory.ts";
import { fitBounds, smallestWindow } from "./window-bounds.ts";

/** Of an empty page, as in renderer/ui/tokens.css, so that nothing flashes. */
const canvas = { dark: "#0e0e12", light: "#f5f5fa" };
/** A page that dies again so soon is not loaded a third time, ms. */
const soon = 10_000;

/** Opens the window where it was the last time, at an address of the app such as `/runs`. */
export function openWindow(icon: string, memory: Memory, path = "/"): BrowserWindow {
  const { bounds, isMaximized } = memory.get();
  const areas = screen.getAllDisplays().map(({ workArea }) => workArea);
  const window = new BrowserWindow({
    ...fitBounds(bounds, areas),
    minWidth: smallestWindow.width,
    minHeight: smallestWindow.height,
    show: false,
    title: "Gauntlet",
    icon,
    backgroundColor: nativeTheme.shouldUseDarkColors ? canvas.dark : canvas.light,
    webPreferences: {
      preload: join(__dirname, "preload.cjs"),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      spellcheck: false,
    },
  });
  window.on("close", () =>
    memory.set({ bounds: window.getNormalBounds(), isMaximized: window.isMaximized() }),
  );
  window.once("ready-to-show", () => {
    if (isMaximized) window.maximize();
    window.show();
  });
  reviveOnce(window.webContents);
  void window.loadURL(`${appOrigin}/#${path}`);
  return window;
}

/** Loads a page anew whose process died, unless that comes of loading it. */
function reviveOnce(page: WebContents): void {
  let last = Number.NEGATIVE_INFINITY;
  page.on("render-process-gone", (_event, { reason }) => {
    const isAgain = Date.now() - last < soon;
    last = Date.now();
    if (reason !== "clean-exit" && !isAgain) page.reload();
  });
}

/** Brings a window to the front and, if one is given, to an address of the app. */
export function showWindow(window: BrowserWindow, path?: string): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
  if (path === undefined) return;
  const { webContents } = window;
  const send = () => webContents.send(channels.open, path);
  // A page that is on its way hears nothing yet.
  if (webContents.isLoading()) webContents.once("did-finish-load", send);
  else send();
}
