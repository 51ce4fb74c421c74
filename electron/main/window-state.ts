import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { app, type BrowserWindow, type Rectangle, screen } from "electron";

export type WindowState = {
  bounds: Partial<Rectangle> & { width: number; height: number };
  maximized: boolean;
};

const standard: WindowState = { bounds: { width: 1440, height: 900 }, maximized: false };
/** As much of a window as must lie on a screen, px: enough to take hold of it. */
const grip = 80;

function fileOf(): string {
  return join(app.getPath("userData"), "window.json");
}

/** Where the window was last, if that is still on a screen. */
export function readWindowState(): WindowState {
  try {
    const { bounds, maximized } = JSON.parse(readFileSync(fileOf(), "utf8")) as WindowState;
    const { x, y, width, height } = bounds;
    const numbers = [x, y, width, height].every((value) => Number.isFinite(value));
    if (!numbers || x === undefined || y === undefined) return standard;
    const isVisible = screen.getAllDisplays().some(({ workArea }) => {
      const across = Math.min(x + width, workArea.x + workArea.width) - Math.max(x, workArea.x);
      const down = y - workArea.y;
      return across >= grip && down >= 0 && down <= workArea.height - grip;
    });
    return isVisible ? { bounds, maximized: maximized === true } : standard;
  } catch {
    return standard; // the first start, or not ours
  }
}

/** Keeps where the window is whenever it is closed. */
export function keepWindowState(window: BrowserWindow): void {
  window.on("close", () => {
    const state: WindowState = {
      bounds: window.getNormalBounds(),
      maximized: window.isMaximized(),
    };
    try {
      writeFileSync(fileOf(), JSON.stringify(state));
    } catch {
      // A window that opens in its standard place next time is no failure worth a word.
    }
  });
}
