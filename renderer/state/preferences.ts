import { useSyncExternalStore } from "react";
import { create } from "zustand";
import { persist } from "zustand/middleware";
import type { Theme } from "../../shared/shell.ts";
import { useUndo } from "./undo.ts";

export type Density = "dense" | "regular";

/** How the columns of the runs table are arranged. */
export type RunColumns = {
  /** As fields are written in queries; null: a choice made for you. */
  runColumns: readonly string[] | null;
  /** Those of them that stay in view when the table is scrolled sideways. */
  runPinned: readonly string[];
  /** Widths that were given to columns, px. */
  runWidths: Readonly<Record<string, number>>;
};

/** As they are for someone who has chosen nothing. */
const noRunColumns: RunColumns = { runColumns: null, runPinned: [], runWidths: {} };

type Preferences = RunColumns & {
  theme: Theme;
  density: Density;
  /** Folders of experiments that were launched, the newest first. */
  folders: string[];
  /** Whether keys without Ctrl or Alt work outside a focused control (WCAG 2.1.4). */
  singleKeys: boolean;
  setTheme(theme: Theme): void;
  setDensity(density: Density): void;
  noteFolder(folder: string): void;
  setSingleKeys(singleKeys: boolean): void;
};

const mostFolders = 8;

/** What a person likes, kept in this browser. */
export const usePreferences = create<Preferences>()(
  persist(
    (set) => ({
      theme: "system",
      density: "dense",
      ...noRunColumns,
      folders: [],
      singleKeys: true,
      setTheme: (theme) => set({ theme }),
      setDensity: (density) => set({ density }),
      noteFolder: (folder) =>
        set(({ folders }) => ({
          folders: [folder, ...folders.filter((other) => other !== folder)].slice(0, mostFolders),
        })),
      setSingleKeys: (singleKeys) => set({ singleKeys }),
    }),
    { name: "gauntlet-preferences", version: 1 },
  ),
);

/** Arranges the runs table's columns; it can be taken back. `text` says what was done. */
export function arrangeRunColumns(text: string, change: Partial<RunColumns>): void {
  const { runColumns, runPinned, runWidths } = usePreferences.getState();
  const before: RunColumns = { runColumns, runPinned, runWidths };
  const become = (arranged: Partial<RunColumns>) => () => {
    usePreferences.setState(arranged);
  };
  become(change)();
  useUndo.getState().did({ text, undo: become(before), redo: become(change) });
}

/** Lets the app choose columns, pins and widths again. */
export function resetRunColumns(): void {
  arrangeRunColumns("Reset the columns", noRunColumns);
}

const systemDark = matchMedia("(prefers-color-scheme: dark)");

function shownTheme(theme: Theme): "light" | "dark" {
  if (theme !== "system") return theme;
  return systemDark.matches ? "dark" : "light";
}

/** The theme that is shown: the chosen one, or the system's, as it changes. */
export function useShownTheme(): "light" | "dark" {
  const theme = usePreferences((preferences) => preferences.theme);
  useSyncExternalStore(
    (listener) => {
      systemDark.addEventListener("change", listener);
      return () => systemDark.removeEventListener("change", listener);
    },
    () => systemDark.matches,
  );
  return shownTheme(theme);
}

/** Puts theme and density on the document, now and whenever they change. */
export function applyPreferences(): void {
  const apply = () => {
    const { theme, density } = usePreferences.getState();
    document.documentElement.dataset["theme"] = shownTheme(theme);
    document.documentElement.dataset["density"] = density;
  };
  apply();
  usePreferences.subscribe(apply);
  // What is drawn by the theme, such as charts, follows the store: tell it of the system's change.
  systemDark.addEventListener("change", () => usePreferences.setState({}));
}
