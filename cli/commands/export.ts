import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { Command } from "commander";
import { GauntletError } from "../../shared/errors.ts";
import { formatCount } from "../../shared/format.ts";
import { type ExportFormat, exportFormatSchema, type ExportRequest } from "../../shared/views.ts";
import { wantsJson, withSession } from "../context.ts";
import { example } from "../example.ts";
import { printJson } from "../terminal.ts";
import { collect } from "./run.ts";

const formats = exportFormatSchema.options.join(", ");

type Options = { out?: string; format?: string };

export function exportCommand(): Command {
  const command = new Command("export")
    .description("write runs, metrics, outcomes, environments or the leaderboard to a file")
    .addHelpText("after", example("gauntlet export runs --out runs.parquet"));
  add(command, "runs", "every run with its values, one column each")
    .option("--where <query>", "only runs that match, as in docs/guide/query.md", "")
    .option("--column <field>", "this field; can be repeated (default: every value)", collect, [])
    .addHelpText(
      "after",
      example("gauntlet export runs --where 'state = succeeded' --out runs.csv"),
    )
    .action(async (options: Options & { where: string; column: string[] }, self: Command) =>
      write(self, options, { what: "runs", query: options.where, columns: options.column }),
    );
  add(command, "metrics", "every point that runs reported")
    .argument("<runs...>", "names or ids")
    .addHelpText("after", example("gauntlet export metrics amber-kestrel --format csv"))
    .action(async (runs: string[], options: Options, self: Command) =>
      write(self, options, { what: "metrics", runs }),
    );
  add(command, "outcomes", "every attacked sample, with what was verified")
    .argument("[models...]", "names or ids; none means every model")
    .option("--attack <attack>", "only this attack; can be repeated", collect, [])
    .addHelpText("after", example("gauntlet export outcomes --attack ddn --out ddn.parquet"))
    .action(async (models: string[], options: Options & { attack: string[] }, self: Command) =>
      write(self, options, { what: "outcomes", models, attacks: options.attack }),
    );
  add(command, "environment", "what runs ran in and loaded: machine, image, packages")
    .argument("<runs...>", "names or ids")
    .addHelpText("after", example("gauntlet export environment amber-kestrel --format csv"))
    .action(async (runs: string[], options: Options, self: Command) =>
      write(self, options, { what: "environment", runs }),
    );
  add(command, "leaderboard", "the models ranked, with the median of each attack")
    .option("--set <set>", "an attack set (default: the active one)", "active")
    .addHelpText("after", example("gauntlet export leaderboard --out leaderboard.csv"))
    .action(async (options: Options & { set: string }, self: Command) =>
      write(self, options, { what: "leaderboard", set: options.set }),
    );
  return command;
}

function add(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option("--out <file>", "the file (default: standard output)")
    .option("--format <format>", `${formats} (default: by the file's name, else csv)`);
}

async function write(command: Command, options: Options, table: ExportRequest): Promise<void> {
  const format = formatOf(options);
  await withSession(command, async (session) => {
    const writeTo = (file: string) =>
      session.call((client) => client.export({ table, format, file }));
    if (options.out !== undefined) {
      const result = await writeTo(resolve(options.out));
      if (wantsJson(command)) printJson(result);
      else process.stderr.write(`${formatCount(result.rows, "row")} in ${result.file}\n`);
      return;
    }
    const folder = await mkdtemp(join(tmpdir(), "gauntlet-export-"));
    try {
      const { file } = await writeTo(join(folder, "table"));
      await pipeline(createReadStream(file), process.stdout, { end: false });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** Throws USAGE for what is no format. */
function formatOf({ out, format }: Options): ExportFormat {
  const named = format ?? (out === undefined ? "" : extname(out).slice(1).toLowerCase());
  const parsed = exportFormatSchema.safeParse(named === "" ? "csv" : named);
  if (parsed.success) return parsed.data;
  throw new GauntletError("USAGE", `${named} is no format to export to.`, {
    hint: `One of ${formats}; --format says which.`,
  });
}
