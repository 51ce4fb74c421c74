import { cp, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { GauntletError } from "../../shared/errors.ts";
import { excerpt } from "../../shared/visible.ts";
import type { TemplateName } from "../../shared/schemas/template.ts";
import { installationFolder } from "../platform/installation.ts";

const places: Record<TemplateName, readonly string[]> = {
  script: ["resources", "templates", "script"],
  digits: ["resources", "kits", "digits"],
  pytorch: ["resources", "kits", "pytorch"],
};

/**
 * Copies a template's files into a folder, which is made where it is not there; nothing that is
 * there is touched. Returns the folder and the names of the files. Throws EXPERIMENT_EXISTS and FOLDER_NOT_WRITABLE.
 */
export async function makeExperiment(
  template: TemplateName,
  folder: string,
): Promise<{ folder: string; files: string[] }> {
  const source = join(installationFolder, ...places[template]);
  // What belongs to the kit and not to an experiment made from it.
  const isWanted = (file: string) =>
    !file.endsWith(".test.ts") &&
    !["kit.yaml", "pack.ts", "tsconfig.json", "attacks"].includes(file);
  const files = (await readdir(source)).filter(isWanted);
  const present = new Set(await whatIsIn(folder));
  const clash = files.filter((file) => present.has(file));
  if (clash.length > 0)
    throw new GauntletError(
      "EXPERIMENT_EXISTS",
      `${excerpt(folder, 300)} already has ${clash.join(", ")}.`,
    );
  for (const file of files)
    await cp(join(source, file), join(folder, file), {
      recursive: true,
      filter: (path) => !path.endsWith(".test.ts"),
    });
  return { folder, files };
}

async function whatIsIn(folder: string): Promise<string[]> {
  try {
    await mkdir(folder, { recursive: true });
    return await readdir(folder);
  } catch (cause) {
    throw new GauntletError(
      "FOLDER_NOT_WRITABLE",
      `The folder ${excerpt(folder, 300)} cannot be made.`,
      { cause },
    );
  }
}
