import type { Experiment } from "../../shared/schemas/experiment.ts";
import type { TreeFile } from "./tree.ts";

/**
 * Canonical text of all that decides what a point of an experiment computes: its commands, how its
 * model is asked, and its code. Two versions with the same text share their cells, so that a value
 * added to a sweep, a longer time limit or another attack does not run everything anew.
 * @param codeFiles every file of the code, sorted by path
 * @param specPath path of the experiment's own file, which counts by what is named here alone
 */
export function recipeText(
  spec: Pick<Experiment, "image" | "dataset" | "train" | "test" | "model">,
  codeFiles: readonly TreeFile[],
  specPath: string,
): string {
  const { image, dataset, train, test, model } = spec;
  return JSON.stringify([
    [image ?? null, dataset ?? null, model ?? null],
    [train.command, train.checkpoint ?? null],
    test ? [test.command, test.samples] : null,
    codeFiles
      .filter(({ path }) => path !== specPath)
      .map(({ path, sha256, executable }) => [path, sha256, executable]),
  ]);
}
