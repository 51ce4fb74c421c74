import { resolve } from "node:path";
import { Command } from "commander";
import { GauntletError } from "../../shared/errors.ts";
import { formatBytes, shortId } from "../../shared/format.ts";
import type { ModelDetail, ModelView } from "../../shared/views.ts";
import { visible } from "../../shared/visible.ts";
import { example } from "../example.ts";
import { bold, dim, printLine, styledState, table } from "../terminal.ts";
import { show } from "./attacks.ts";

export function modelCommands(): Command {
  const models = new Command("models")
    .description("the models: what runs produced, and what was imported")
    .addHelpText("after", example("gauntlet models list"))
    .action(async (_options: object, command: Command) => list(command));
  models
    .command("list")
    .description("list the models, newest first")
    .addHelpText("after", example("gauntlet models list --json"))
    .action(async (_options: object, command: Command) => list(command));
  models
    .command("show")
    .description("one model with its files and evaluations")
    .argument("<model>", "name or id")
    .addHelpText("after", example("gauntlet models show amber-kestrel"))
    .action(async (model: string, _options: object, command: Command) =>
      show(
        command,
        (session) => session.call((client) => client.models.get({ model })),
        printDetail,
      ),
    );
  models
    .command("import")
    .description("take a model made elsewhere into the catalog, to be attacked like any other")
    .argument("<file>", "the checkpoint, a file or a folder; the load function is given its folder")
    .requiredOption("--load <file:function>", "the function that loads it, such as model.py:load")
    .option("--dataset <dataset>", "the dataset it classifies", "digits")
    .option("--name <name>", "a name for it (default: the file's)")
    .option("--shape <numbers>", "one sample's shape, as 1,28,28 (default: the dataset's)", shape)
    .addHelpText(
      "after",
      example("gauntlet models import weights.npz --load model.py:load --dataset digits"),
    )
    .action(async (file: string, options: ImportOptions, command: Command) =>
      show(
        command,
        async (session) => [
          await session.call((client) =>
            client.models.import({
              file: resolve(file),
              load: absoluteLoad(options.load),
              name: options.name ?? null,
              dataset: options.dataset,
              input: options.shape
                ? { shape: options.shape, layout: "NCHW", bounds: [0, 1] }
                : null,
            }),
          ),
        ],
        printList,
      ),
    );
  return models;
}

type ImportOptions = { load: string; dataset: string; name?: string; shape?: number[] };

async function list(command: Command): Promise<void> {
  await show(command, (session) => session.call((client) => client.models.list({})), printList);
}

function printList(models: ModelView[]): void {
  if (models.length === 0) {
    printLine("No models yet. gauntlet run trains one; gauntlet models import takes one in.");
    return;
  }
  printLine(
    table(models, [
      { title: "model", value: ({ name }) => name },
      { title: "id", value: ({ id }) => shortId(id) },
      { title: "what differs", value: ({ label, run }) => label || (run ? "–" : "imported") },
      { title: "dataset", value: ({ dataset }) => dataset ?? "–" },
      { title: "size", value: ({ size }) => formatBytes(size), align: "right" },
      {
        title: "verified",
        value: ({ verified, evaluations }) => `${verified}/${evaluations}`,
        align: "right",
      },
    ]),
  );
}

function printDetail(model: ModelDetail): void {
  printLine(`${bold(visible(model.name))}  ${dim(shortId(model.id))}  ${visible(model.label)}`);
  printLine(`  hash     ${model.hash.slice(0, 16)}  ${formatBytes(model.size)}`);
  printLine(
    `  asked by ${visible(model.interface?.load ?? model.interface?.serve?.join(" ") ?? "–")}`,
  );
  printLine(`  dataset  ${visible(model.dataset ?? "–")}`);
  for (const { path, size } of model.files)
    printLine(`  file     ${visible(path)}  ${formatBytes(size)}`);
  if (model.results.length > 0) printLine();
  for (const { id, attack, state, reason, rejections } of model.results) {
    const rejected = rejections.map(({ reason: why, count }) => `${count} ${why}`).join(", ");
    printLine(
      `  ${visible(attack).padEnd(20)} ${styledState(state.padEnd(10))} ${dim(shortId(id))}  ${reason ?? ""}${
        rejected === "" ? "" : `not verified: ${rejected}`
      }`,
    );
  }
}

/** `--load` is relative to where the user stands, as every path typed there. */
function absoluteLoad(load: string): string {
  const colon = load.lastIndexOf(":");
  if (colon <= 0)
    throw new GauntletError("USAGE", `--load takes FILE:FUNCTION, not ${load}.`, {
      hint: "Such as --load model.py:load.",
    });
  return `${resolve(load.slice(0, colon))}${load.slice(colon)}`;
}

function shape(text: string): number[] {
  const numbers = text.split(",").map(Number);
  if (numbers.every((number) => Number.isInteger(number) && number > 0)) return numbers;
  throw new GauntletError("USAGE", `--shape takes numbers such as 1,28,28, not ${text}.`);
}
