import { delimiter } from "node:path";

/** Lists of folders in which an AppImage puts its own first. */
const folderLists = ["PATH", "LD_LIBRARY_PATH", "XDG_DATA_DIRS", "GSETTINGS_SCHEMA_DIR"];
const ours = /^(ELECTRON_.*|CHROME_DESKTOP|NODE_OPTIONS|APPDIR|APPIMAGE|ARGV0|OWD|GAUNTLET_NODE)$/;

/**
 * The environment of the core, and so of jobs: the person's own, without what Electron and an
 * AppImage set for themselves. An AppImage's folders are gone when the app is, and jobs go on.
 */
export function coreEnvironment(env: Readonly<NodeJS.ProcessEnv>): NodeJS.ProcessEnv {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !ours.test(name)));
  const image = env["APPDIR"];
  if (!image) return kept;
  for (const name of folderLists) {
    const folders = kept[name]?.split(delimiter).filter((folder) => !folder.startsWith(image));
    if (folders) kept[name] = folders.join(delimiter);
  }
  return kept;
}
