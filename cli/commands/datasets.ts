import { resolve } from "node:path";
import { Command } from "commander";
import { formatBytes } from "../../shared/format.ts";
import type { DatasetView } from "../../shared/views.ts";
import { example } from "../example.ts";
import { printLine, table } from "../terminal.ts";
import { show } from "./attacks.ts";

export function datasetCommands(): Command {
  const datasets = new Command("datasets")
    .description("the datasets; digits is packed when it is first used")
    .addHelpText("after", example("gauntlet datasets", "gauntlet datasets add ./packed"));
  datasets
    .command("list", { isDefault: true })
    .description("list the datasets")
    .addHelpText("after", example("gauntlet datasets list"))
    .action(async (_options: object, command: Command) =>
      show(command, (session) => session.call((client) => client.datasets.list({})), print),
    );
  datasets
    .command("add")
    .description("copy a packed dataset (dataset.json and .npy files) into the data folder")
    .argument("<folder>")
    .addHelpText("after", example("gauntlet datasets add ./packed"))
    .action(async (folder: string, _options: object, command: Command) =>
      show(
        command,
        async (session) => [
          await session.call((client) => client.datasets.add({ folder: resolve(folder) })),
        ],
        print,
      ),
    );
  return datasets;
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
      { title: "size", value: ({ size }) => formatBytes(size), align: "right" },
      { title: "hash", value: ({ hash }) => hash.slice(0, 12) },
    ]),
  );
}
