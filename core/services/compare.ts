import { readFile } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createTwoFilesPatch } from "diff";
import type { CodeChange, CodeDiff, RunComparison } from "../../shared/views.ts";
import type { CatalogRun } from "../catalog/runs.ts";
import { compareRecords } from "../domain/differences.ts";
import type { TreeFile } from "../domain/tree.ts";
import type { CoreContext } from "./context.ts";
import { findRun } from "./runs.ts";
import { runView } from "./views.ts";

/** Runs whose rows are read in one turn of the loop: some ms on a busy machine. */
const runsAtOnce = 8;

/**
 * Lays runs side by side: values, results and environment. Throws RUN_NOT_FOUND and NAME_AMBIGUOUS.
 */
export async function compareRuns(
  context: CoreContext,
  names: readonly string[],
): Promise<RunComparison> {
  const runs: CatalogRun[] = [];
  const facts: ReturnType<typeof factsOf>[] = [];
  for (const name of names) {
    const run = findRun(context, name);
    runs.push(run);
    facts.push(factsOf(context, run));
    if (runs.length % runsAtOnce === 0) await nextTurn();
  }
  return {
    runs: runs.map(runView),
    sections: {
      parameters: compareRecords(facts.map(({ parameters }) => parameters)),
      results: compareRecords(facts.map(({ results }) => results)),
      metrics: compareRecords(facts.map(({ metrics }) => metrics)),
      experiment: compareRecords(facts.map(({ experiment }) => experiment)),
      environment: compareRecords(facts.map(({ environment }) => environment)),
    },
  };
}

/** What of a run is compared, by section. */
function factsOf(context: CoreContext, run: CatalogRun) {
  const { catalog } = context;
  const { id, parameters, seed, summary } = run;
  const version = catalog.experiments.version(run.experimentVersionId);
  const { name, number, gitCommit, gitBranch, gitDiff, codeTree } = version;
  return {
    parameters: { ...parameters, seed },
    results: { ...scoresOf(context, id), ...summary },
    metrics: Object.fromEntries(
      catalog.metrics.summariesOfRun(id).map((metric) => [metric.name, metric.last]),
    ),
    experiment: {
      experiment: `${name} v${number}`,
      code: codeTree.slice(0, 12),
      commit: gitCommit,
      branch: gitBranch,
      "uncommitted changes": gitDiff !== null,
    },
    environment: trainingEnvironment(context, id),
  };
}

/** Scores of the run's model, as `score SET, N samples of THREAT MODEL`. */
function scoresOf({ catalog }: CoreContext, runId: string): Record<string, unknown> {
  const model = catalog.models.ofRun(runId);
  if (!model) return {};
  const scores = catalog.models.scores(model.id);
  return Object.fromEntries(
    scores.map(({ set, threatModel, value }) => {
      const { indexes } = catalog.evaluations.threatModel(threatModel).sampleSet;
      const under = `${indexes.length} samples, threat model ${threatModel.slice(0, 6)}`;
      return [`score ${set} (${under})`, value];
    }),
  );
}

function trainingEnvironment({ catalog }: CoreContext, runId: string): Record<string, unknown> {
  const trainings = catalog.runs.attempts(runId).filter(({ stage }) => stage === "train");
  return trainings.at(-1)?.environment ?? {};
}

/** A longer file, or one with a NUL byte, is only said to differ. */
const longestText = 512 * 1024;

/** How the code of two runs differs, file by file. Throws RUN_NOT_FOUND. */
export async function diffCode(context: CoreContext, a: string, b: string): Promise<CodeDiff> {
  const [before, after] = [a, b].map((name) => codeOf(context, findRun(context, name)));
  if (!before || !after) throw new Error("two runs were given");
  const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  const files: CodeChange[] = [];
  for (const path of paths) {
    const [old, now] = [before.get(path), after.get(path)];
    if (old?.sha256 === now?.sha256) continue;
    const change = old ? (now ? "changed" : "removed") : "added";
    files.push({ path, change, patch: await patchOf(context, path, old, now) });
  }
  return { files, same: paths.length - files.length };
}

function codeOf({ catalog }: CoreContext, run: CatalogRun): Map<string, TreeFile> {
  const { codeTree } = catalog.experiments.version(run.experimentVersionId);
  return new Map(catalog.artifacts.tree(codeTree).files.map((file) => [file.path, file]));
}

async function patchOf(
  context: CoreContext,
  path: string,
  old: TreeFile | undefined,
  now: TreeFile | undefined,
): Promise<string | null> {
  const [before, after] = [await textOf(context, old), await textOf(context, now)];
  if (before === null || after === null) return null;
  const patch = createTwoFilesPatch(`a/${path}`, `b/${path}`, before, after, "", "", {
    context: 3,
    // A pathological pair of files must not hold the core up.
    timeout: 200,
  });
  return patch ?? null;
}

/** Null for what is no text or too long. */
async function textOf(
  { artifacts }: CoreContext,
  file: TreeFile | undefined,
): Promise<string | null> {
  if (!file) return "";
  if (file.size > longestText) return null;
  const text = await readFile(artifacts.pathOf(file.sha256), "utf8");
  return text.includes("\0") ? null : text;
}
