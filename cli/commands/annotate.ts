import type { Command } from "commander";
import type { AnnotationChange } from "../../shared/annotations.ts";
import { GauntletError } from "../../shared/errors.ts";
import { formatCount } from "../../shared/format.ts";
import { wantsJson, withSession } from "../context.ts";
import { example } from "../example.ts";
import { printJson, printLine } from "../terminal.ts";
import type { Session } from "../session.ts";
import { collect } from "./run.ts";

/** `runs star`, `runs tag` and `runs note`. */
export function addAnnotations(runs: Command): void {
  runs
    .command("star")
    .description("mark runs, so that starred = 1 finds them")
    .argument("<run...>", "names or ids")
    .option("--remove", "take the marks away")
    .addHelpText("after", example("gauntlet runs star amber-marten"))
    .action((names: string[], { remove }: { remove?: boolean }, command: Command) =>
      change(command, () =>
        Promise.resolve(names.map((run) => ({ run, starred: remove !== true }))),
      ),
    );
  runs
    .command("tag")
    .description("give runs tags, words that tags ~ WORD finds")
    .argument("<run...>", "names or ids")
    .option("--add <tag>", "a tag; may be repeated", collect, [])
    .option("--remove <tag>", "a tag to take away; may be repeated", collect, [])
    .addHelpText("after", example("gauntlet runs tag amber-marten --add baseline"))
    .action((names: string[], options: { add: string[]; remove: string[] }, command: Command) => {
      if (options.add.length + options.remove.length === 0)
        throw new GauntletError("USAGE", "Name a tag with --add or --remove.");
      return change(command, (session) =>
        Promise.all(
          names.map(async (run) => {
            const { tags } = await session.call((client) => client.runs.get({ run }));
            const left = tags.filter((tag) => !options.remove.includes(tag));
            return { run, tags: [...left, ...options.add] };
          }),
        ),
      );
    });
  runs
    .command("note")
    .description("write a note about a run; an empty one takes it away")
    .argument("<run>", "name or id")
    .argument("<text>", "the note")
    .addHelpText("after", example("gauntlet runs note amber-marten 'diverges after epoch 3'"))
    .action((run: string, notes: string, _options: object, command: Command) =>
      change(command, () => Promise.resolve([{ run, notes }])),
    );
}

async function change(
  command: Command,
  changesOf: (session: Session) => Promise<AnnotationChange[]>,
): Promise<void> {
  await withSession(command, async (session) => {
    const changes = await changesOf(session);
    const { before } = await session.call((client) => client.runs.annotate({ changes }));
    if (wantsJson(command)) printJson({ runs: before.map(({ run }) => run) });
    else printLine(`${formatCount(before.length, "run")} changed.`);
  });
}
