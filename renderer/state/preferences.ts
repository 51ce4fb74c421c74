import { useSyncExternalStore } from "react";
import { create } from "zustand";
import { persist } from "zustand/middleware";
import type { Theme } from "../../shared/shell.ts";

export type Density = "dense" | "regular";

type Preferences = {
  theme: Theme;
  density: Density;
  /** Columns of the runs table, as fields are written in queries; null: a choice made for you. */
  runColumns: string[] | null;
  /** Those of them that stay in view when the table is scrolled sideways. */
  runPinned: readonly string[];
  /** Widths that were given to columns of the runs table, px. */
  runWidths: Readonly<Record<string, number>>;
  /** Folders of experiments that were launched, the newest first. */
  folders: string[];
  /** Whether keys without Ctrl or Alt work outside a focused control (WCAG 2.1.4). */
  singleKeys: boolean;
  setTheme(theme: Theme): void;
  setDensity(density: Density): void;
  setRunColumns(columns: string[] | null): void;
  setRunPinned(columns: readonly string[]): void;
  setRunWidth(column: string, width: number): void;
  /** Columns, pins and widths as they are for someone who has chosen nothing. */
  resetRunColumns(): void;
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
      runColumns: null,
      runPinned: [],
      runWidths: {},
      folders: [],
      singleKeys: true,
      setTheme: (theme) => set({ theme }),
      setDensity: (density) => set({ density }),
      setRunColumns: (runColumns) => set({ runColumns }),
      setRunPinned: (runPinned) => set({ runPinned }),
      setRunWidth: (column, width) =>
        set(({ runWidths }) => ({ runWidths: { ...runWidths, [column]: width } })),
      resetRunColumns: () => set({ runColumns: null, runPinned: [], runWidths: {} }),
      noteFolder: (folder) =>
        set(({ folders }) => ({
          folders: [folder, ...folders.filter((other) => other !== folder)].slice(0, mostFolders),
        })),
      setSingleKeys: (singleKeys) => set({ singleKeys }),
    }),
    { name: "gauntlet-preferences", version: 1 },
  ),
);

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
