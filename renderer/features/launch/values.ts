/** What is typed into the form, read and checked by the rules that the core has. */
import {
  checkParameterValue,
  checkSeed,
  type ValueFinding,
} from "../../../shared/parameter-values.ts";
import { priorityRange } from "../../../shared/priority.ts";
import type { Parameter } from "../../../shared/schemas/experiment.ts";
import type { ParameterValue } from "../../../shared/schemas/scalars.ts";
import { visible } from "../../../shared/visible.ts";

/** A value as a control holds it. */
export function textOf(value: ParameterValue): string {
  return String(value);
}

/** Text that is no number stays text, which the check then tells of. */
export function readNumber(text: string): ParameterValue {
  const number = Number(text);
  return text.trim() !== "" && Number.isFinite(number) ? number : text;
}

/** What a control holds as a value of the parameter's type. */
export function readValue(parameter: Parameter, text: string): ParameterValue {
  switch (parameter.type) {
    case "float":
    case "integer":
      return readNumber(text);
    case "choice":
      return parameter.values.find((choice) => String(choice) === text) ?? text;
    case "boolean":
      return text === "true";
    case "text":
      return text;
  }
}

/** What is wrong with a parameter's text, as a sentence; null when nothing is. */
export function problemOf(parameter: Parameter, text: string): string | null {
  if (parameter.type !== "text" && text.trim() === "") return "Give a value.";
  return sentence(checkParameterValue(parameter, readValue(parameter, text)));
}

export function seedProblem(text: string): string | null {
  return sentence(checkSeed(readNumber(text)));
}

export function priorityProblem(text: string): string | null {
  const value = readNumber(text);
  const { lowest, highest } = priorityRange;
  const fits =
    typeof value === "number" && Number.isInteger(value) && value >= lowest && value <= highest;
  return fits ? null : `Expected a whole number from ${lowest} to ${highest}.`;
}

function sentence(finding: ValueFinding | null): string | null {
  if (!finding) return null;
  const message = visible(finding.message);
  const said = `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
  return finding.suggestion ? `${said} Suggestion: ${visible(finding.suggestion)}` : said;
}

/** `float, 0.0001 to 1, log`: what the file says of a parameter. */
export function describeParameter(parameter: Parameter): string {
  if (parameter.type !== "float" && parameter.type !== "integer") return parameter.type;
  const { type, min, max, scale } = parameter;
  const range =
    min !== undefined && max !== undefined
      ? `${min} to ${max}`
      : min !== undefined
        ? `from ${min}`
        : max !== undefined
          ? `up to ${max}`
          : null;
  return [type, range, scale === "log" ? "log" : null].filter(Boolean).join(", ");
}
