import { lstat } from "node:fs/promises";
import { basename, dirname, extname, relative, resolve } from "node:path";
import { GauntletError } from "../../shared/errors.ts";
import { type ModelInterface, modelInterfaceSchema } from "../../shared/schemas/experiment.ts";
import type { CatalogModel } from "../catalog/models.ts";
import type { TreeManifest } from "../domain/tree.ts";
import { listSourceFiles, walkFiles } from "../platform/source-files.ts";
import type { CoreContext } from "./context.ts";
import { findDataset } from "./datasets.ts";

export type ImportRequest = {
  /** The checkpoint: a file or a folder, as an absolute path. */
  file: string;
  /** `FILE:FUNCTION`; FILE is absolute or stands beside the checkpoint. */
  load: string;
  name: string | null;
  dataset: string;
  /** Absent: the dataset's own. */
  input: ModelInterface["input"] | null;
};

/**
 * Takes a model made elsewhere into the catalog: the checkpoint as it is, and the code in the
 * folder of its load function. Throws MODEL_INVALID, DATASET_NOT_FOUND, CODE_TOO_LARGE.
 */
export async function importModel(
  context: CoreContext,
  request: ImportRequest,
): Promise<CatalogModel> {
  const { catalog } = context;
  const dataset = await findDataset(context, request.dataset);
  const colon = request.load.lastIndexOf(":");
  const codeFile = resolve(dirname(request.file), request.load.slice(0, Math.max(colon, 0)));
  const codeFolder = dirname(codeFile);
  const checked = modelInterfaceSchema.safeParse({
    load: `${basename(codeFile)}:${request.load.slice(colon + 1)}`,
    input: request.input ?? dataset.manifest.input,
  });
  if (colon <= 0 || !checked.success)
    throw new GauntletError("MODEL_INVALID", `${request.load} is no FILE:FUNCTION.`, {
      hint: "Write the file and the function in it, such as --load model.py:load.",
    });
  if (!(await lstat(codeFile).catch(() => undefined))?.isFile())
    throw new GauntletError("MODEL_INVALID", `There is no file ${codeFile}.`);
  return context.artifacts.keeping(async () => {
    const tree = await keepCheckpoint(context, request.file);
    const code = await context.trees.put(codeFolder, await codeBeside(codeFolder, request.file));
    return catalog.transaction(() => {
      catalog.artifacts.addTree(code);
      const id = catalog.models.add({
        name: request.name ?? basename(request.file, extname(request.file)),
        runId: null,
        tree,
        codeTree: code.hash,
        interface: checked.data,
        datasetId: dataset.id,
      });
      return catalog.models.get(id);
    });
  });
}

async function keepCheckpoint(context: CoreContext, file: string): Promise<TreeManifest> {
  const stat = await lstat(file).catch(() => undefined);
  if (stat?.isDirectory()) return context.trees.put(file, await walkFiles(file));
  if (stat?.isFile()) return context.trees.put(dirname(file), [basename(file)]);
  throw new GauntletError("MODEL_INVALID", `There is no file or folder ${file}.`);
}

/** The code of a folder without the checkpoint, which may be large and is kept as the model. */
async function codeBeside(codeFolder: string, checkpoint: string): Promise<string[]> {
  const inside = relative(codeFolder, checkpoint);
  const files = await listSourceFiles(codeFolder);
  return files.filter((file) => file !== inside && !file.startsWith(`${inside}/`));
}
