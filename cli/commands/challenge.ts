import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, InvalidArgumentError } from "commander";
import type { ChallengeReport } from "../../shared/challenge.ts";
import { GauntletError } from "../../shared/errors.ts";
import { formatCount, formatPercent } from "../../shared/format.ts";
import { sizeSchema } from "../../shared/schemas/scalars.ts";
import { visible } from "../../shared/visible.ts";
import { wantsJson, withSession } from "../context.ts";
import { example } from "../example.ts";
import type { Session } from "../session.ts";
import { dim, printJson, printLine, table } from "../terminal.ts";
import { collect } from "./run.ts";

type Options = {
  model: string[];
  attack: string[];
  images: string;
  targeted?: boolean;
  queries?: number;
  batch?: number;
  timeLimit?: number;
  setUp?: number;
  memory?: number;
};

export function challengeCommands(): Command {
  const challenge = new Command("challenge").description(
    "models and attacks as Docker images, by the rules of the 2018 adversarial vision challenge",
  );
  challenge
    .command("run")
    .description("send every model through every attack; prints the scores of both tracks")
    .requiredOption("--model <image>", "Docker image of a model; can be repeated", collect, [])
    .requiredOption("--attack <image>", "Docker image of an attack; can be repeated", collect, [])
    .requiredOption("--images <folder>", "folder of images with labels.yml")
    .option("--targeted", "attacks are to reach the classes of targets.yml")
    .option("--queries <number>", "queries for an image (default: 1000)", atLeastOne)
    .option("--batch <number>", "images that a container is given (default: 1)", atLeastOne)
    .option("--time-limit <seconds>", "for an image (default: 90)", seconds)
    .option("--set-up <seconds>", "until a model answers (default: 100)", seconds)
    .option("--memory <size>", "of each container, as 8GiB (default: 4GiB)", size)
    .addHelpText(
      "after",
      example("gauntlet challenge run --model my-model --attack my-noise --images ./images"),
    )
    .action(async (options: Options, command: Command) =>
      withSession(command, async (session) => {
        const report = await run(session, options);
        if (wantsJson(command)) printJson(report);
        else print(report);
      }),
    );
  return challenge;
}

/** Ctrl-C ends the challenge, and waits until its containers are gone. */
async function run(session: Session, options: Options): Promise<ChallengeReport> {
  const abort = new AbortController();
  const stop = () =>
    abort.abort(new GauntletError("CHALLENGE_STOPPED", "The challenge was stopped."));
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    const running = session.call((client) =>
      client.challenge.run(
        {
          models: options.model,
          attacks: options.attack,
          folder: resolve(options.images),
          targeted: options.targeted === true,
          queries: options.queries,
          batch: options.batch,
          secondsPerImage: options.timeLimit,
          setUpSeconds: options.setUp,
          memory: options.memory,
        },
        { signal: abort.signal },
      ),
    );
    if (process.stderr.isTTY) await showProgress(session, running);
    return await running;
  } catch (error) {
    // The connection to another core ends with an error of its own.
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

/** Tells every second how far the newest challenge is, until `running` ends in whatever way. */
async function showProgress(session: Session, running: Promise<unknown>): Promise<void> {
  const ended = running.then(
    () => true,
    () => true,
  );
  while (!(await Promise.race([ended, sleep(1000, false)]))) {
    const all = await session.call((client) => client.challenge.progress({}));
    const { model, attack, done, total } = all.at(-1) ?? { model: "", done: 0, total: 0 };
    const what = visible([model, attack].filter(Boolean).join(", "));
    process.stderr.write(`\r\u001b[K${done} of ${total} images attacked  ${what}`);
  }
  process.stderr.write("\r\u001b[K");
}

function print(report: ChallengeReport): void {
  const { models, attacks, pairs, folder } = report;
  const images = pairs[0]?.outcomes.length ?? 0;
  printLine(
    dim(`${formatCount(images, "image")}, L2 on [0, 1], ${report.settings.queries} queries each`),
  );
  const distance = (value: number) => value.toFixed(3);
  printLine(
    table(models, [
      { title: "model", value: ({ image }) => image },
      { title: "score", value: ({ score }) => distance(score), align: "right" },
      { title: "clean", value: ({ accuracy }) => formatPercent(accuracy), align: "right" },
    ]),
  );
  printLine();
  printLine(
    table(attacks, [
      { title: "attack", value: ({ image }) => image },
      { title: "score", value: ({ score }) => distance(score), align: "right" },
    ]),
  );
  printLine();
  printLine(
    table(pairs, [
      { title: "model", value: ({ model }) => model },
      { title: "attack", value: ({ attack }) => attack },
      { title: "median", value: ({ median }) => distance(median), align: "right" },
      {
        title: "fooled",
        value: ({ outcomes }) =>
          `${countOf(outcomes, "fooled")}/${images - countOf(outcomes, "hit")}`,
        align: "right",
      },
      { title: "queries", value: ({ queries }) => String(queries), align: "right" },
      { title: "what went wrong", value: troubleOf },
    ]),
  );
  for (const { attack, log } of pairs.filter(({ log }) => log))
    printLine(dim(`${visible(attack)}: ${visible(log ?? "")}`));
  printLine(`Report and adversarials: ${folder}`);
}

type Pair = ChallengeReport["pairs"][number];

const countOf = (outcomes: Pair["outcomes"], outcome: string) =>
  outcomes.filter((one) => one.outcome === outcome).length;

/** Why images were not fooled, how containers ended, and what the proxy refused; each with its number. */
function troubleOf({ outcomes, refused, malformed, queries }: Pair): string {
  const counts = new Map<string, number>();
  const add = (what: string | null) => what && counts.set(what, (counts.get(what) ?? 0) + 1);
  for (const { reason, ended } of outcomes) {
    add(reason);
    if (ended !== "done") add(ended);
  }
  const parts = [...counts].map(([what, count]) => `${what} ${count}`);
  if (refused > 0) parts.push(`over the quota ${refused}`);
  if (malformed > 0) parts.push(`malformed ${malformed}`);
  if (queries === 0 && outcomes.some(({ ended }) => ended !== null)) parts.push("asked nothing");
  return parts.join(", ");
}

function atLeastOne(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError("write a whole number from 1");
  return Number(text);
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400))
    throw new InvalidArgumentError("write a number of seconds, at most 86400");
  return value;
}

function size(text: string): number {
  const parsed = sizeSchema.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError("write a size such as 8GiB");
  return parsed.data;
}
