import { join } from "node:path";
import { BrowserWindow, nativeTheme } from "electron";
import { channels } from "../channels.ts";
import { appOrigin } from "./pages.ts";
import { keepWindowState, readWindowState } from "./window-state.ts";

/** Of an empty page, as in renderer/ui/tokens.css, so that nothing flashes. */
const canvas = { dark: "#17171b", light: "#f6f5fa" };

/** Opens the window at an address of the app, such as `/runs`. */
export function openWindow(icon: string, path = "/"): BrowserWindow {
  const { bounds, maximized } = readWindowState();
  const window = new BrowserWindow({
    ...bounds,
    minWidth: 720,
    minHeight: 480,
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
  keepWindowState(window);
  window.once("ready-to-show", () => {
    if (maximized) window.maximize();
    window.show();
  });
  void window.loadURL(`${appOrigin}/#${path}`);
  return window;
}

/** Brings a window to the front and, if one is given, to an address of the app. */
export function showWindow(window: BrowserWindow, path?: string): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
  if (path !== undefined) window.webContents.send(channels.open, path);
}
