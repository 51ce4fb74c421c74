/** What the desktop window and a page do for each other, beyond the way to the core. */
import type { Shell } from "../../shared/shell.ts";
import { usePreferences } from "../state/preferences.ts";
import { router } from "./router.ts";

/** Goes where the menu wants to, takes dropped experiments, and lends the window the theme. */
export function joinDesktop(shell: Shell): void {
  shell.onOpen((path) => router.history.push(path));
  const tellTheme = () => shell.setTheme(usePreferences.getState().theme);
  tellTheme();
  usePreferences.subscribe(tellTheme);
  // Where nothing takes it, a dropped file would be opened in the place of the page.
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer?.files ?? [];
    const path = file ? shell.pathOf(file) : "";
    if (path !== "") void router.navigate({ to: "/launch", search: { folder: folderOf(path) } });
  });
}

/** A dropped gauntlet.yaml stands for the folder that it lies in. */
function folderOf(path: string): string {
  return path.replace(/[/\\]gauntlet\.ya?ml$/, "") || "/";
}
