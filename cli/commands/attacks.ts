import { resolve } from "node:path";
import { Command } from "commander";
import type { AttackSetView, AttackView } from "../../shared/views.ts";
import { visible } from "../../shared/visible.ts";
import { wantsJson, withSession } from "../context.ts";
import { example } from "../example.ts";
import { printJson, printLine, table } from "../terminal.ts";
import type { Session } from "../session.ts";

export function attackCommands(): Command {
  const attacks = new Command("attacks")
    .description("the attacks, and the sets that scores are made with")
    .addHelpText("after", example("gauntlet attacks", "gauntlet attacks add ./my-attack"));
  attacks
    .command("list", { isDefault: true })
    .description("list the attacks")
    .addHelpText("after", example("gauntlet attacks list"))
    .action(async (_options: object, command: Command) =>
      show(command, (session) => session.call((client) => client.attacks.list({})), printAttacks),
    );
  attacks
    .command("add")
    .description("take the attacks of a folder's attacks.yaml into the catalog")
    .argument("<folder>")
    .addHelpText("after", example("gauntlet attacks add ./my-attack"))
    .action(async (folder: string, _options: object, command: Command) =>
      show(
        command,
        (session) => session.call((client) => client.attacks.add({ folder: resolve(folder) })),
        printAttacks,
      ),
    );
  attacks
    .command("sets")
    .description("list the attack sets")
    .addHelpText("after", example("gauntlet attacks sets"))
    .action(async (_options: object, command: Command) =>
      show(command, (session) => session.call((client) => client.attacks.sets({})), printSets),
    );
  attacks
    .command("set")
    .description("save an ordered set of attacks under a name and a date")
    .argument("<name>")
    .argument("<attacks...>", "NAME or NAME@VERSION, in order")
    .option("--date <date>", "the date it stands for, as 2026-11-24 (default: today)")
    .option("--activate", "make it the active set")
    .addHelpText(
      "after",
      example('gauntlet attacks set "Top two, 2026-11-24" ddn boundary --activate'),
    )
    .action(
      async (
        name: string,
        labels: string[],
        options: { date?: string; activate?: boolean },
        command: Command,
      ) =>
        show(
          command,
          async (session) => [
            await session.call((client) =>
              client.attacks.saveSet({
                name,
                date: options.date ?? null,
                attacks: labels,
                activate: options.activate === true,
              }),
            ),
          ],
          printSets,
        ),
    );
  attacks
    .command("activate")
    .description("make a set the active one; gauntlet evaluate --plan says what is missing then")
    .argument("<set>")
    .addHelpText("after", example('gauntlet attacks activate "Digits five"'))
    .action(async (set: string, _options: object, command: Command) =>
      show(
        command,
        async (session) => [await session.call((client) => client.attacks.activate({ set }))],
        printSets,
      ),
    );
  return attacks;
}

/** Prints what `ask` gives, as JSON or by `print`. */
export async function show<T>(
  command: Command,
  ask: (session: Session) => Promise<T>,
  print: (result: T) => void,
): Promise<void> {
  await withSession(command, async (session) => {
    const result = await ask(session);
    if (wantsJson(command)) printJson(result);
    else print(result);
  });
}

function printAttacks(attacks: AttackView[]): void {
  if (attacks.length === 0) {
    printLine("No attacks yet. gauntlet attacks add FOLDER takes some in.");
    return;
  }
  printLine(
    table(attacks, [
      { title: "attack", value: ({ label }) => label },
      { title: "norm", value: ({ definition }) => definition.norm },
      { title: "access", value: ({ definition }) => definition.access },
      { title: "active", value: ({ inActiveSet }) => (inActiveSet ? "yes" : "") },
      { title: "what it is", value: ({ definition }) => definition.description ?? "" },
    ]),
  );
}

function printSets(sets: AttackSetView[]): void {
  for (const { name, date, active, attacks } of sets)
    printLine(`${visible(name)}  ${date}${active ? "  active" : ""}\n  ${attacks.join(", ")}`);
}
