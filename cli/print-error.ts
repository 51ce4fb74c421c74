import { GauntletError } from "../shared/errors.ts";
import { bold, dim, red } from "./terminal.ts";

/** Whatever was thrown, as an error that can be told; what nobody expected is INTERNAL. */
export function toldError(error: unknown): GauntletError {
  if (error instanceof GauntletError) return error;
  if (!(error instanceof Error)) return new GauntletError("INTERNAL", String(error));
  return new GauntletError("INTERNAL", error.message, { details: error.stack });
}

/** An error on the error stream: code and sentence, places, hint; or as JSON. */
export function printError(error: GauntletError, json: boolean): void {
  if (json) {
    process.stderr.write(`${JSON.stringify({ error: error.toData() }, null, 2)}\n`);
    return;
  }
  process.stderr.write(`${red(bold(error.code))}: ${error.message}\n`);
  if (error.details) process.stderr.write(`${indent(error.details)}\n`);
  process.stderr.write(dim(`  hint: ${error.hint}\n`));
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
