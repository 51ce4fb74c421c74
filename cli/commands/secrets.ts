import { Command } from "commander";
import { GauntletError } from "../../shared/errors.ts";
import {
  secretNameSchema,
  type SecretView,
  secretValueSchema,
} from "../../shared/schemas/secrets.ts";
import { askSecret } from "../ask-secret.ts";
import { example } from "../example.ts";
import { printLine, table } from "../terminal.ts";
import { show } from "./attacks.ts";

export function secretCommands(): Command {
  const secrets = new Command("secrets")
    .description("tokens and keys that runs are given; values are never shown")
    .addHelpText("after", example("gauntlet secrets", "gauntlet secrets set WANDB_API_KEY"));
  secrets
    .command("list", { isDefault: true })
    .description("list names and dates")
    .addHelpText("after", example("gauntlet secrets list"))
    .action(async (_options: object, command: Command) =>
      show(command, (session) => session.call((client) => client.secrets.list({})), print),
    );
  secrets
    .command("set")
    .description("keep a secret: asks for its value, or reads it from standard input")
    .argument("<secret>", "letters, digits and '_'")
    .addHelpText(
      "after",
      example("gauntlet secrets set WANDB_API_KEY", "gauntlet secrets set DEPLOY_KEY < key.pem"),
    )
    .action(async (name: string, _options: object, command: Command) => {
      check(secretNameSchema.safeParse(name).error?.issues[0]?.message, `No name: ${name}`);
      // Asked before the folder is opened, which others may wait for meanwhile.
      const value = await askSecret(name);
      check(secretValueSchema.safeParse(value).error?.issues[0]?.message, `${name} is not kept`);
      await show(
        command,
        (session) => session.call((client) => client.secrets.set({ name, value })),
        () => printLine(`Kept ${name}.`),
      );
    });
  secrets
    .command("remove")
    .description("forget a secret; what runs keeps what it was given")
    .argument("<secret>")
    .addHelpText("after", example("gauntlet secrets remove WANDB_API_KEY"))
    .action(async (name: string, _options: object, command: Command) =>
      show(
        command,
        (session) => session.call((client) => client.secrets.remove({ name })),
        () => printLine(`Removed ${name}.`),
      ),
    );
  return secrets;
}

function check(finding: string | undefined, what: string): void {
  if (finding !== undefined) throw new GauntletError("SECRET_INVALID", `${what}: ${finding}.`);
}

function print(secrets: readonly SecretView[]): void {
  if (secrets.length === 0) {
    printLine("No secrets yet. gauntlet secrets set NAME keeps one.");
    return;
  }
  printLine(
    table(secrets, [
      { title: "secret", value: ({ name }) => name },
      {
        title: "set",
        value: ({ setAt }) => `${new Date(setAt).toISOString().slice(0, 16).replace("T", " ")} UTC`,
      },
    ]),
  );
}
