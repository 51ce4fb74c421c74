/** The only bridge between the page and the window. Nothing of Node or Electron gets through it. */
import { contextBridge, ipcRenderer, webUtils } from "electron";
import { lostMessage, portMessage, type Shell, shellName } from "../../shared/shell.ts";
import { channels } from "../channels.ts";

const shell: Shell = {
  connect: () => ipcRenderer.send(channels.connect),
  onOpen: (listener) => {
    ipcRenderer.on(channels.open, (_event, path: unknown) => {
      if (typeof path === "string") listener(path);
    });
  },
  chooseFolder: () => ipcRenderer.invoke(channels.chooseFolder) as Promise<string | null>,
  pathOf,
  setTheme: (theme) => ipcRenderer.send(channels.theme, theme),
};

/** Before Electron 32 a file itself said where it lies. */
function pathOf(file: object): string {
  if (!(file instanceof File)) return "";
  const utils = webUtils as typeof webUtils | undefined;
  return utils?.getPathForFile(file) ?? (file as { path?: string }).path ?? "";
}

contextBridge.exposeInMainWorld(shellName, shell);
// Ports do not cross the bridge; a message of the window brings them to the page, and to it alone.
ipcRenderer.on(channels.port, (event) =>
  window.postMessage(portMessage, location.origin, event.ports),
);
ipcRenderer.on(channels.lost, () => window.postMessage(lostMessage, location.origin));
