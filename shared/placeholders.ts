import { GauntletError } from "./errors.ts";
import type { ParameterValue } from "./schemas/scalars.ts";
import { closest, didYouMean } from "./suggest.ts";
import { excerpt } from "./visible.ts";

/** A `{name}` in a command: in which argument (from 0) it stands and what it says. */
export type Placeholder = { argument: number; name: string; text: string };

export type PlaceholderFinding = {
  argument: number;
  /** The piece of the argument that is wrong. */
  text: string;
  message: string;
  suggestion: string | null;
};

type Piece =
  | { kind: "text"; text: string }
  | { kind: "placeholder"; name: string; text: string }
  /** A brace that belongs to nothing. */
  | { kind: "stray"; text: string };

/** Every placeholder of a command, in order. `{{` and `}}` stand for braces and are none. */
export function placeholdersOf(command: readonly string[]): Placeholder[] {
  return command.flatMap((text, argument) =>
    piecesOf(text).flatMap((piece) =>
      piece.kind === "placeholder" ? [{ argument, name: piece.name, text: piece.text }] : [],
    ),
  );
}

/**
 * The command with every `{name}` replaced by its value and `{{`, `}}` by braces. Numbers are
 * printed as in JSON, so that reading them gives the same number. Each value stays inside its
 * argument, whatever it contains. Throws SPEC_INVALID for a placeholder without a value or a stray
 * brace, PARAMETER_INVALID for a value that no argument can hold (not finite, or with NUL).
 */
export function expandCommand(
  command: readonly string[],
  values: Readonly<Record<string, ParameterValue>>,
): string[] {
  const [finding] = checkPlaceholders(command, Object.keys(values));
  if (finding)
    throw new GauntletError(
      "SPEC_INVALID",
      `The command's argument \`${excerpt(command[finding.argument] ?? "")}\`: ${finding.message}.`,
    );
  return command.map((argument) =>
    piecesOf(argument)
      .map((piece) =>
        piece.kind === "placeholder" ? print(piece.name, values[piece.name]) : piece.text,
      )
      .join(""),
  );
}

/**
 * What is wrong with the placeholders of a command, where `known` are the names that have a value:
 * the declared parameters and `seed`, or for `model.serve` only `port`.
 */
export function checkPlaceholders(
  command: readonly string[],
  known: readonly string[],
): PlaceholderFinding[] {
  return command.flatMap((text, argument) =>
    piecesOf(text).flatMap((piece) => {
      if (piece.kind === "text") return [];
      if (piece.kind === "stray") return [strayBrace(argument, piece.text, known)];
      if (known.includes(piece.name)) return [];
      const list = known.map((name) => `\`{${name}}\``).join(", ");
      const message = `\`${piece.text}\` names nothing that has a value here`;
      const suggestion = didYouMean(piece.name, known) ?? `known here: ${list}`;
      return [{ argument, text: piece.text, message, suggestion }];
    }),
  );
}

function strayBrace(argument: number, text: string, known: readonly string[]): PlaceholderFinding {
  const meant = closest(text.slice(1, -1).trim(), known);
  const suggestion =
    meant !== null
      ? `write \`{${meant}}\``
      : `for a plain brace write it twice: \`${excerpt(text.replace(/[{}]/g, "$&$&"))}\``;
  return { argument, text, message: "this brace belongs to no `{name}`", suggestion };
}

function piecesOf(argument: string): Piece[] {
  const pieces: Piece[] = [];
  for (const [text] of argument.matchAll(pattern)) {
    if (text === "{{" || text === "}}") pieces.push({ kind: "text", text: text.charAt(0) });
    else if (name.test(text)) pieces.push({ kind: "placeholder", name: text.slice(1, -1), text });
    else if (/^[{}]/.test(text)) pieces.push({ kind: "stray", text });
    else pieces.push({ kind: "text", text });
  }
  return pieces;
}

const name = /^\{[A-Za-z_][A-Za-z0-9_]*\}$/;
// An escaped brace; braces with something in between; a lone brace; anything else.
const pattern = /\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+/g;

function print(name: string, value: ParameterValue | undefined): string {
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (typeof value === "boolean") return String(value);
  if (typeof value === "string" && !value.includes("\0")) return value;
  throw new GauntletError(
    "PARAMETER_INVALID",
    `The value of \`${excerpt(name)}\` cannot stand in a command.`,
  );
}
