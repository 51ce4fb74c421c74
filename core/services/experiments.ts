import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { GauntletError } from "../../shared/errors.ts";
import { parseExperiment } from "../../shared/experiment-file.ts";
import { checkParameterValue, checkSeed } from "../../shared/parameter-values.ts";
import { formatProblems } from "../../shared/problems.ts";
import type { Experiment, Parameter } from "../../shared/schemas/experiment.ts";
import type { ParameterValue } from "../../shared/schemas/scalars.ts";
import type { ExperimentFile } from "../../shared/views.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { recipeText } from "../domain/recipe.ts";
import type { TreeManifest } from "../domain/tree.ts";
import { isErrno } from "../platform/errno.ts";
import { gitState, type GitState } from "../platform/git.ts";
import { sha256 } from "../platform/sha256.ts";
import { typedPath } from "../platform/typed-path.ts";
import { listSourceFiles } from "../platform/source-files.ts";
import type { CoreContext } from "./context.ts";

export const specName = "gauntlet.yaml";

export type LoadedExperiment = { folder: string; spec: Experiment; text: string };

/** Reads the `gauntlet.yaml` of a folder. Throws SPEC_NOT_FOUND and SPEC_INVALID. */
export async function loadExperiment(given: string): Promise<LoadedExperiment> {
  const { folder, text, parsed } = await parseFolder(given);
  if (!parsed.ok) {
    const count = parsed.problems.length;
    throw new GauntletError(
      "SPEC_INVALID",
      `${specName} has ${count === 1 ? "a mistake" : `${count} mistakes`}.`,
      { details: formatProblems(parsed.problems, text) },
    );
  }
  return { folder, spec: parsed.value, text };
}

/**
 * As loadExperiment, for a form: mistakes are an answer, each with its line. A folder that begins
 * with `~` is in the home folder, for no shell has read it. Throws SPEC_NOT_FOUND and PATH_NOT_ABSOLUTE.
 */
export async function readExperiment(given: string): Promise<ExperimentFile> {
  const { folder, text, parsed } = await parseFolder(typedPath(given));
  if (!parsed.ok) {
    const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
    const problems = parsed.problems.map(({ path: _path, ...problem }) => ({
      ...problem,
      source: lines[problem.line - 1] ?? "",
    }));
    return { valid: false, folder, problems };
  }
  const { name, description = null, dataset = null, parameters, sweep } = parsed.value;
  const { test = null, evaluate = null } = parsed.value;
  return {
    valid: true,
    folder,
    name,
    description,
    dataset,
    parameters,
    test: test && { samples: test.samples },
    evaluate: evaluate && { attacks: evaluate.attacks, samples: evaluate.samples },
    sweep: sweep
      ? {
          method: sweep.method,
          values: sweep.values,
          parameters: sweep.parameters ?? [],
          objective: sweep.objective ?? null,
        }
      : null,
  };
}

async function parseFolder(given: string) {
  const folder = resolve(given);
  const file = join(folder, specName);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    if (isErrno(cause, "ENOENT") || isErrno(cause, "ENOTDIR"))
      throw new GauntletError("SPEC_NOT_FOUND", `There is no ${specName} in ${folder}.`, { cause });
    throw new GauntletError("SPEC_NOT_FOUND", `${file} cannot be read.`, { cause });
  }
  return { folder, text, parsed: parseExperiment(text, file) };
}

/** A version of an experiment, ready to be noted in the catalog. */
export type ExperimentSnapshot = LoadedExperiment & {
  specHash: string;
  recipeHash: string;
  code: TreeManifest;
  git: GitState;
};

/** Keeps the code as it is now, with git's word on it. Throws CODE_TOO_LARGE. */
export async function snapshotExperiment(
  context: CoreContext,
  experiment: LoadedExperiment,
): Promise<ExperimentSnapshot> {
  const { folder, spec, text } = experiment;
  const [code, git] = await Promise.all([
    listSourceFiles(folder).then((files) => context.trees.put(folder, files)),
    gitState(folder),
  ]);
  const recipeHash = sha256(recipeText(spec, code.files, specName));
  return { ...experiment, specHash: sha256(text), recipeHash, code, git };
}

/** Notes the version unless it is known. Call it inside a transaction. Returns its id. */
export function noteVersion(context: CoreContext, snapshot: ExperimentSnapshot): string {
  return context.catalog.experiments.ensureVersion({
    name: snapshot.spec.name,
    folder: snapshot.folder,
    spec: snapshot.spec,
    specText: snapshot.text,
    specHash: snapshot.specHash,
    recipeHash: snapshot.recipeHash,
    code: snapshot.code,
    gitCommit: snapshot.git.commit,
    gitBranch: snapshot.git.branch,
    gitDiff: snapshot.git.diff,
  });
}

/**
 * The values of all declared parameters: the given ones, checked, over the defaults. Text that
 * comes from a command line is read by the parameter's type.
 * Throws PARAMETER_UNKNOWN and PARAMETER_INVALID.
 */
export function resolveParameters(
  declared: Readonly<Record<string, Parameter>>,
  given: Readonly<Record<string, ParameterValue>>,
): Record<string, ParameterValue> {
  const values = Object.fromEntries(
    Object.entries(declared).map(([name, parameter]) => [
      name,
      parameter.default as ParameterValue,
    ]),
  );
  for (const [name, value] of Object.entries(given)) {
    const parameter = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (!parameter)
      throw new GauntletError("PARAMETER_UNKNOWN", `No parameter is named ${name}.`, {
        hint: didYouMean(name, Object.keys(declared)) ?? undefined,
      });
    const read = readValue(parameter, value);
    const finding = checkParameterValue(parameter, read);
    if (finding)
      throw new GauntletError("PARAMETER_INVALID", `${name}: ${finding.message}.`, {
        hint: finding.suggestion ?? undefined,
      });
    values[name] = read;
  }
  return values;
}

/** Throws PARAMETER_INVALID for what is no seed. */
export function checkedSeed(seed: number): number {
  const finding = checkSeed(seed);
  if (finding) throw new GauntletError("PARAMETER_INVALID", `seed: ${finding.message}.`);
  return seed;
}

function readValue(parameter: Parameter, value: ParameterValue): ParameterValue {
  if (typeof value !== "string" || parameter.type === "text") return value;
  if (parameter.type === "boolean") {
    if (value === "true") return true;
    return value === "false" ? false : value;
  }
  if (parameter.type === "choice")
    return parameter.values.find((choice) => String(choice) === value) ?? value;
  return value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
}
