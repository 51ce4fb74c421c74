/** A whole challenge: every model with every attack, and the scores of both tracks. */
import { mkdir, readdir, realpath, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type {
  ChallengeInput,
  ChallengeProgress,
  ChallengeReport,
} from "../../../shared/challenge.ts";
import { GauntletError } from "../../../shared/errors.ts";
import { encodeNpy } from "../../../shared/npy.ts";
import { challengeScores } from "../../domain/challenge-score.ts";
import { medianInPlace } from "../../domain/statistics.ts";
import {
  type DockerClient,
  dockerClient,
  dockerError,
  dockerMessage,
  statusOf,
} from "../../platform/docker/client.ts";
import { isErrno } from "../../platform/errno.ts";
import { sha256 } from "../../platform/sha256.ts";
import { fetchImage, findImage, type FoundImage } from "../../runners/docker/image.ts";
import type { CoreContext } from "../context.ts";
import { runAttack } from "./attack-box.ts";
import {
  createPrivateNetwork,
  type Owner,
  removeChallenge,
  sweepChallenges,
} from "./containers.ts";
import { type ChallengeImage, readChallengeImages } from "./images.ts";
import { judge, type Judged, predictTwice } from "./judge.ts";
import { type ModelBox, startModel } from "./model-box.ts";
import { removeStrange } from "./results.ts";

type Context = Pick<CoreContext, "folders" | "challenges" | "newId" | "clock">;

/** How the folder of a challenge ends that is under way. */
const temporaryEnd = ".tmp";

/** What one challenge works with. */
type Arena = {
  docker: DockerClient;
  owner: Owner;
  input: ChallengeInput;
  images: readonly ChallengeImage[];
  folder: string;
  progress: ChallengeProgress;
  signal: AbortSignal;
  networks: { model: string; attack: string };
  /** The machine's address on the attacks' network. */
  host: string;
};

/**
 * Runs a challenge to its end and keeps its report and the adversarials in the data folder. Containers
 * and networks are gone afterwards, however it ended; what a core left that was killed goes with the next
 * challenge.
 * @throws GauntletError CHALLENGE_MODEL_NOT_READY, CHALLENGE_MODEL_FAILED, IMAGE_NOT_FOUND, DOCKER_UNREACHABLE,
 *   DOCKER_FORBIDDEN, DOCKER_REFUSED, DISK_FULL, and what readChallengeImages throws; the signal's reason
 */
export async function runChallenge(
  context: Context,
  input: ChallengeInput,
  signal: AbortSignal = new AbortController().signal,
): Promise<ChallengeReport> {
  const images = await readChallengeImages(input.folder, input.targeted);
  const startedAt = context.clock.now();
  const id = context.newId();
  const root = join(context.folders.data, "challenges");
  await mkdir(root, { recursive: true, mode: 0o700 });
  const owner = {
    folder: sha256(await realpath(context.folders.data)).slice(0, 32),
    challenge: id,
  };
  const total = input.models.length * input.attacks.length * images.length;
  const progress: ChallengeProgress = { id, model: "", attack: null, done: 0, total };
  const folder = join(root, `${id}${temporaryEnd}`);
  context.challenges.add(progress);
  try {
    const docker = await dockerClient();
    await sweep(docker, root, owner.folder, context.challenges);
    const [models, attacks] = await Promise.all([
      imagesOf(docker, input.models, signal),
      imagesOf(docker, input.attacks, signal),
    ]);
    await mkdir(folder, { mode: 0o700 });
    const judged: Judged[][] = [];
    try {
      const networks = { model: `gauntlet-${id}-model`, attack: `gauntlet-${id}-attack` };
      // Apart, so that the only way to the model leads through the proxy.
      await createPrivateNetwork(docker, owner, networks.model);
      const host = await createPrivateNetwork(docker, owner, networks.attack);
      const arena = { docker, owner, input, images, folder, progress, signal, networks, host };
      for (const model of models) judged.push(await attackModel(arena, model, attacks));
    } finally {
      await removeChallenge(docker, owner);
    }
    const report = reportOf(input, models, attacks, judged, {
      id,
      startedAt,
      endedAt: context.clock.now(),
      folder: join(root, id),
    });
    await writeFile(join(folder, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
    await rename(folder, report.folder);
    return report;
  } catch (error) {
    await removeStrange(folder);
    throw toldError(error);
  } finally {
    context.challenges.delete(progress);
  }
}

/** Removes what challenges of this data folder left whose core was killed. */
async function sweep(
  docker: DockerClient,
  root: string,
  folder: string,
  underWay: ReadonlySet<ChallengeProgress>,
): Promise<void> {
  const isUnderWay = (id: string) => [...underWay].some((challenge) => challenge.id === id);
  await sweepChallenges(docker, folder, isUnderWay);
  for (const name of await readdir(root))
    if (name.endsWith(temporaryEnd) && !isUnderWay(name.slice(0, -temporaryEnd.length)))
      await removeStrange(join(root, name));
}

/** How fetching an image goes is told to nobody here. */
const silent = { say: () => undefined, doing: () => undefined };

function imagesOf(
  docker: DockerClient,
  names: readonly string[],
  signal: AbortSignal,
): Promise<FoundImage[]> {
  return Promise.all(
    names.map(
      async (name) =>
        (await findImage(docker, name)) ?? (await fetchImage(docker, name, silent, signal)),
    ),
  );
}

/** All attacks at one model, one after another. */
async function attackModel(
  arena: Arena,
  model: FoundImage,
  attacks: readonly FoundImage[],
): Promise<Judged[]> {
  const { docker, owner, input, images, progress, signal, networks } = arena;
  Object.assign(progress, { model: model.name, attack: null });
  const box = await startModel(
    docker,
    model.name,
    {
      owner,
      name: `gauntlet-${owner.challenge}-model`,
      imageId: model.id,
      network: networks.model,
      memory: input.memory,
    },
    input.setUpSeconds * 1000,
    signal,
  );
  try {
    const clean: (number | null)[] = [];
    for (const image of images) {
      signal.throwIfAborted();
      clean.push(await predictTwice(box.client, image));
    }
    const all: Judged[] = [];
    for (const attack of attacks) all.push(await attackWith(arena, box, attack, clean));
    return all;
  } catch (error) {
    throw await box.failure(error);
  } finally {
    await box.remove();
  }
}

async function attackWith(
  arena: Arena,
  { client }: ModelBox,
  attack: FoundImage,
  clean: readonly (number | null)[],
): Promise<Judged> {
  const { docker, owner, input, images, folder, progress, signal, networks, host } = arena;
  progress.attack = attack.name;
  const pair = `${input.models.indexOf(progress.model) + 1}-${input.attacks.indexOf(attack.name) + 1}`;
  const judged = judge(images, clean);
  await mkdir(join(folder, "adversarial", pair), { recursive: true });
  progress.done += images.length - judged.open.length;
  for (let start = 0; start < judged.open.length; start += input.batch) {
    const open = judged.open.slice(start, start + input.batch);
    const batch = open.flatMap((index) => images[index] ?? []);
    const attacked = await runAttack(
      docker,
      {
        owner,
        name: `gauntlet-${owner.challenge}-attack-${pair}-${start}`,
        imageId: attack.id,
        network: networks.attack,
        memory: input.memory,
        model: client,
        host,
        images: batch,
        quota: input.queries * batch.length,
        timeLimit: input.secondsPerImage * 1000 * batch.length,
        folder: join(folder, "box"),
      },
      signal,
    );
    for (const { name, shape, data } of await judged.take(client, open, attacked))
      await writeFile(
        join(folder, "adversarial", pair, `${name}.npy`),
        encodeNpy({ dtype: "|u1", shape: [...shape], data }),
      );
    progress.done += batch.length;
  }
  return judged;
}

function reportOf(
  settings: ChallengeInput,
  models: readonly FoundImage[],
  attacks: readonly FoundImage[],
  judged: readonly (readonly Judged[])[],
  facts: Pick<ChallengeReport, "id" | "startedAt" | "endedAt" | "folder">,
): ChallengeReport {
  const distances = judged.map((row) => row.map((pair) => pair.distances()));
  const scores = challengeScores(distances);
  const sideOf = ({ name, id, digest }: FoundImage, score = Number.NaN, top = false) => ({
    image: name,
    imageId: id,
    digest,
    score,
    top,
  });
  return {
    schema: 1,
    ...facts,
    settings,
    models: models.map((model, i) => ({
      ...sideOf(model, scores.models[i], scores.topModels.includes(i)),
      accuracy: judged[i]?.[0]?.accuracy() ?? 0,
    })),
    attacks: attacks.map((attack, i) =>
      sideOf(attack, scores.attacks[i], scores.topAttacks.includes(i)),
    ),
    pairs: models.flatMap((model, i) =>
      attacks.map((attack, j) => ({
        model: model.name,
        attack: attack.name,
        median: medianInPlace(Float64Array.from(distances[i]?.[j] ?? [])),
        ...judged[i]?.[j]?.facts(),
      })),
    ) as ChallengeReport["pairs"],
  };
}

/** What the engine or the disk refused, for people. */
function toldError(error: unknown): unknown {
  if (isErrno(error, "ENOSPC"))
    return new GauntletError("DISK_FULL", "The disk of the data folder is full.", { cause: error });
  const known = dockerError(error);
  if (known instanceof GauntletError || statusOf(known) === null) return known;
  return new GauntletError("DOCKER_REFUSED", "Docker would not do what a challenge needs.", {
    details: dockerMessage(known),
    cause: known,
  });
}
