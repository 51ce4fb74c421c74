/** What a run needs before it can start, looked at without starting or noting anything. */
import { GauntletError } from "../../shared/errors.ts";
import { formatCount } from "../../shared/format.ts";
import type { Finding, Place, Readiness } from "../../shared/readiness.ts";
import type { Experiment } from "../../shared/schemas/experiment.ts";
import type { CatalogDataset } from "../catalog/datasets.ts";
import type { CoreContext } from "./context.ts";
import { lookForDataset } from "./datasets.ts";
import { lookAtDocker } from "./docker-readiness.ts";
import { resolveAttacks } from "./evaluations.ts";
import { checkedSeed, loadExperiment, resolveParameters } from "./experiments.ts";
import { gpuReport } from "./gpus.ts";
import type { RunRequest } from "./runs.ts";
import { requireSecrets } from "./secrets.ts";

/**
 * Where a run would run, and what is missing. What is wrong with the request itself is thrown:
 * SPEC_NOT_FOUND, SPEC_INVALID, PARAMETER_UNKNOWN, PARAMETER_INVALID.
 */
export async function readiness(
  context: CoreContext,
  request: Omit<RunRequest, "priority">,
): Promise<Readiness> {
  const experiment = await loadExperiment(request.folder);
  const { spec } = experiment;
  resolveParameters(spec.parameters, request.parameters);
  checkedSeed(request.seed);
  const stages = stagesOf(spec, request.evaluate);
  const gpus = Math.max(...stages.map((stage) => stage.resources.gpus));
  const canHaveGpus = gpus <= context.slots.gpus.length;
  const [docker, gpuFindings, inputs] = await Promise.all([
    lookAtDocker(experiment, gpus > 0 && canHaveGpus),
    canHaveGpus ? lookAtSharing(context, stages) : lookAtGpus(context, stages),
    lookAtInputs(context, spec, request.evaluate),
  ]);
  const place: Place = docker?.place ?? { runner: "process" };
  return { place, findings: [...(docker?.findings ?? []), ...gpuFindings, ...inputs] };
}

type StageNeeds = { name: string; resources: Experiment["train"]["resources"] };

function stagesOf({ train, test, evaluate }: Experiment, evaluates: boolean): StageNeeds[] {
  const all = { train, test, evaluate: evaluates ? evaluate : undefined };
  return Object.entries(all).flatMap(([name, stage]) =>
    stage ? [{ name, resources: stage.resources }] : [],
  );
}

async function lookAtGpus(context: CoreContext, stages: StageNeeds[]): Promise<Finding[]> {
  const there = context.slots.gpus.length;
  const { absent } = await gpuReport(context);
  return stages
    .filter(({ resources }) => resources.gpus > there)
    .map(({ name, resources: { gpus } }) =>
      findingOf(
        new GauntletError(
          "GPUS_LACKING",
          `${name} asks for ${gpus === 1 ? "a GPU" : `${gpus} GPUs`}; this machine has ${there === 0 ? "none" : there}${absent === null ? "" : `: ${absent}`}.`,
        ),
      ),
    );
}

/** With whom a stage that asks for a share of a GPU shares it now, and how else. */
function lookAtSharing({ catalog }: CoreContext, stages: StageNeeds[]): Finding[] {
  const sharing = stages.flatMap(({ name, resources: { gpu_share: share } }) =>
    share === undefined ? [] : [`${name} takes ${sharePercent(share)} of a GPU`],
  );
  if (sharing.length === 0) return [];
  const users = catalog.queue
    .list(mostJobs)
    .jobs.flatMap(({ name, gpus, slots: { gpuShare } }) =>
      gpuShare === null ? [] : gpus.map((gpu) => `${name} ${sharePercent(gpuShare)} of GPU ${gpu}`),
    );
  const message = `${sharing.join(" and ")}, and shares it with jobs that give a gpu_share, too; ${
    users.length === 0 ? "none runs now" : `now ${users.join(", ")}`
  }.`;
  const hint = "Nothing keeps a program to its share of the memory: it has to do so itself.";
  return [{ state: "note", code: null, message, hint }];
}

/** Those under way come first. */
const mostJobs = 200;

function sharePercent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Dataset, secrets, samples and attacks. */
async function lookAtInputs(
  context: CoreContext,
  spec: Experiment,
  evaluates: boolean,
): Promise<Finding[]> {
  const { dataset: name, evaluate } = spec;
  const findings: Finding[] = [];
  let dataset: CatalogDataset | null = null;
  const look = async (work: () => unknown) => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof GauntletError)) throw error;
      findings.push(findingOf(error));
    }
  };
  if (name !== undefined)
    await look(async () => {
      dataset = await lookForDataset(context, name);
      if (dataset) return;
      const message = `The dataset ${name} comes with Gauntlet and is packed first.`;
      findings.push({ state: "note", code: null, message, hint: null });
    });
  await look(() => requireSecrets(context, spec));
  if (!evaluates || !evaluate) return findings;
  await look(() =>
    findings.push(...lookAtScores(context, resolveAttacks(context, evaluate.attacks))),
  );
  await look(() => dataset && context.datasetReader.sampleSet(dataset, "test", evaluate.samples));
  return findings;
}

/** Whether the runs will have a score: that asks for every attack of the active set. */
function lookAtScores(
  { catalog }: CoreContext,
  attacks: ReturnType<typeof resolveAttacks>,
): Finding[] {
  const active = catalog.attacks.activeSet();
  const lacking = active?.attacks.filter(({ id }) => !attacks.some((attack) => attack.id === id));
  if (!active || !lacking || lacking.length === 0) return [];
  const count = formatCount(lacking.length, "attack");
  return [
    {
      state: "note",
      code: null,
      message: `Scores are made with the active set ${active.name}; ${count} of it will not be run here.`,
      hint: "Activate another set, on the Attacks page or with gauntlet attacks activate, or fill what is missing later.",
    },
  ];
}

/** What stands against a run; jobs wait for what passes by itself once it is mended. */
export function findingOf({ code, message, hint, retryable }: GauntletError): Finding {
  return { state: retryable ? "warning" : "failed", code, message, hint };
}
