import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, InvalidArgumentError } from "commander";
import { readByteSize } from "../../shared/byte-size.ts";
import { formatBytes } from "../../shared/format.ts";
import { suggestSize } from "../../shared/units.ts";
import type { AddedDataset, DatasetCacheView, DatasetView } from "../../shared/views.ts";
import { example } from "../example.ts";
import { dim, printLine, table } from "../terminal.ts";
import type { Session } from "../session.ts";
import { show } from "./attacks.ts";

export function datasetCommands(): Command {
  const datasets = new Command("datasets")
    .description("the datasets; digits is packed when it is first used")
    .addHelpText("after", example("gauntlet datasets", "gauntlet datasets add ./images"));
  datasets
    .command("list", { isDefault: true })
    .description("list the datasets")
    .addHelpText("after", example("gauntlet datasets list"))
    .action(async (_options: object, command: Command) =>
      show(command, (session) => session.call((client) => client.datasets.list({})), print),
    );
  datasets
    .command("add")
    .description("take a dataset into the data folder, packed for fast reads")
    .argument(
      "<path>",
      "image folders, Tiny ImageNet, .npy or .npz, CIFAR, IDX, labels.yml, or a packed dataset",
    )
    .option("--name <name>", "default: the name of the folder or file")
    .option("--size <HxW>", "bring all images to this height and width, as 64x64", parseSize)
    .option("--test-share <share>", "share of the samples to test on, as 0.2", parseShare)
    .addHelpText("after", example("gauntlet datasets add ./tiny-imagenet-200 --name tiny-imagenet"))
    .action(async (path: string, options: AddOptions, command: Command) =>
      show(
        command,
        async (session) => {
          const folder = resolve(path);
          const adding = session.call((client) =>
            client.datasets.add({
              folder,
              name: options.name ?? null,
              size: options.size ?? null,
              testShare: options.testShare ?? null,
            }),
          );
          if (process.stderr.isTTY) await showProgress(session, folder, adding);
          return [await adding];
        },
        printAdded,
      ),
    );
  datasets
    .command("limit")
    .description("tell or set what packed datasets may take on the disk")
    .argument("[size]", "such as 200GiB, or none; the longest unused make room first", parseLimit)
    .addHelpText("after", example("gauntlet datasets limit 200GiB", "gauntlet datasets limit none"))
    .action(async (limit: number | null | undefined, _options: object, command: Command) =>
      show(
        command,
        (session) =>
          session.call((client) =>
            limit === undefined ? client.datasets.cache({}) : client.datasets.limit({ limit }),
          ),
        printCache,
      ),
    );
  return datasets;
}

/** Bytes; null for no limit. */
function parseLimit(text: string): number | null {
  if (text === "none") return null;
  const size = readByteSize(text);
  if (!Number.isNaN(size)) return size;
  const advice = suggestSize(text);
  throw new InvalidArgumentError(advice ?? "write a size such as 200GiB, or none");
}

function printCache({ limit, bytes }: DatasetCacheView): void {
  const most = limit === null ? "without a limit" : `of ${formatBytes(limit)}`;
  printLine(`Packed datasets take ${formatBytes(bytes)} ${most}.`);
  if (limit !== null && bytes > limit)
    printLine(dim("What is the only copy, and what unfinished runs need, is never dropped."));
}

/** Tells every second how many samples are packed, until `adding` ends in whatever way. */
async function showProgress(
  session: Session,
  folder: string,
  adding: Promise<unknown>,
): Promise<void> {
  const ended = adding.then(
    () => true,
    () => true,
  );
  while (!(await Promise.race([ended, sleep(1000, false)]))) {
    const all = await session.call((client) => client.datasets.packing({}));
    const packing = all.find((each) => each.folder === folder);
    if (!packing) continue;
    const { done, total } = packing;
    const counts = [done, total].map((count) => count.toLocaleString("en-US"));
    const text = total === 0 ? "looking at the files" : `${counts.join(" of ")} samples packed`;
    process.stderr.write(`\r\u001b[K${text}`);
  }
  process.stderr.write("\r\u001b[K");
}

type AddOptions = { name?: string; size?: [number, number]; testShare?: number };

function parseSize(text: string): [number, number] {
  const [, height, width] = /^(\d{1,4})x(\d{1,4})$/.exec(text) ?? [];
  if (height === undefined || width === undefined || Number(height) < 1 || Number(width) < 1)
    throw new InvalidArgumentError("write height and width in pixels, such as 64x64");
  return [Number(height), Number(width)];
}

function parseShare(text: string): number {
  const share = Number(text);
  if (!(share > 0 && share < 1))
    throw new InvalidArgumentError("write a number between 0 and 1, such as 0.2");
  return share;
}

function printAdded(datasets: AddedDataset[]): void {
  print(datasets);
  for (const { format, notes } of datasets) printLine([`Read as ${format}.`, ...notes].join(" "));
}

function print(datasets: DatasetView[]): void {
  if (datasets.length === 0) {
    printLine("No datasets yet. The digits are packed when an experiment first uses them.");
    return;
  }
  printLine(
    table(datasets, [
      { title: "dataset", value: ({ name }) => name },
      { title: "version", value: ({ version }) => version },
      { title: "classes", value: ({ classes }) => String(classes), align: "right" },
      {
        title: "samples",
        value: ({ splits }) =>
          Object.entries(splits)
            .map(([split, count]) => `${split} ${count.toLocaleString("en-US")}`)
            .join(", "),
      },
      {
        title: "size",
        value: ({ size, isDropped }) => `${isDropped ? "made room, " : ""}${formatBytes(size)}`,
        align: "right",
      },
      {
        title: "last use",
        value: ({ usedAt }) =>
          usedAt === null ? "–" : new Date(usedAt).toISOString().slice(0, 10),
      },
      { title: "hash", value: ({ hash }) => hash.slice(0, 12) },
    ]),
  );
}
