import { app, Menu, type MenuItemConstructorOptions, shell } from "electron";

/** Pages with a place in the menu: title, address, and the digit of their key. */
const pages = [
  ["Runs", "/runs"],
  ["Sweeps", "/sweeps"],
  ["Launch", "/launch"],
  ["Models", "/models"],
  ["Robustness", "/robustness"],
  ["Attacks", "/attacks"],
  ["Datasets", "/datasets"],
  ["Compute", "/compute"],
] as const;

/** The menu of the application; `open` goes to an address of the app. */
export function setMenu(options: {
  data: string;
  open(path: string): void;
  openFolder(): void;
}): void {
  const { data, open, openFolder } = options;
  const isMac = process.platform === "darwin";
  const template: MenuItemConstructorOptions[] = [
    ...(isMac ? [{ role: "appMenu" as const }] : []),
    {
      label: "File",
      submenu: [
        {
          id: "launch",
          label: "Launch a run",
          accelerator: "CmdOrCtrl+N",
          click: () => open("/launch"),
        },
        {
          id: "open-folder",
          label: "Open an experiment's folder…",
          accelerator: "CmdOrCtrl+O",
          click: openFolder,
        },
        { type: "separator" },
        { label: "Show the data folder", click: () => void shell.openPath(data) },
        {
          id: "settings",
          label: "Settings",
          accelerator: "CmdOrCtrl+,",
          click: () => open("/settings"),
        },
        { type: "separator" },
        { role: "close", label: "Close the window" },
        ...(isMac
          ? []
          : [{ id: "quit", label: "Quit", accelerator: "CmdOrCtrl+Q", click: () => app.quit() }]),
      ],
    },
    { role: "editMenu" },
    {
      label: "Go",
      submenu: pages.map(([label, path], index) => ({
        id: path,
        label,
        accelerator: `CmdOrCtrl+${index + 1}`,
        click: () => open(path),
      })),
    },
    {
      label: "View",
      submenu: [
        { role: "resetZoom" },
        { role: "zoomIn" },
        { role: "zoomOut" },
        { type: "separator" },
        { role: "togglefullscreen" },
        { role: "reload" },
        { role: "toggleDevTools" },
      ],
    },
    { role: "windowMenu" },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
