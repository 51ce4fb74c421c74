import type { Parameter } from "./schemas/experiment.ts";
import type { ParameterValue } from "./schemas/scalars.ts";
import { didYouMean } from "./suggest.ts";
import { excerpt } from "./visible.ts";

/** What is wrong with a parameter's value, and what would be right. */
export type ValueFinding = { message: string; suggestion: string | null };

/** Checks a value against its parameter's type, range or choices; null when it fits. */
export function checkParameterValue(
  parameter: Parameter,
  value: ParameterValue,
): ValueFinding | null {
  switch (parameter.type) {
    case "float":
    case "integer":
      return checkNumber(parameter, value);
    case "choice": {
      if (parameter.values.some((choice) => choice === value)) return null;
      const choices = parameter.values.map(String);
      return {
        message: `\`${excerpt(String(value))}\` is none of the parameter's values`,
        suggestion:
          didYouMean(String(value), choices) ??
          `one of ${choices.map((choice) => `\`${excerpt(choice)}\``).join(", ")}`,
      };
    }
    case "boolean":
      if (typeof value === "boolean") return null;
      return wrongType("true or false", value, null);
    case "text":
      if (typeof value === "string") return null;
      return wrongType("text", value, `put it in quotes: \`"${value}"\``);
  }
}

/** Checks a seed: a whole number from 0. */
export function checkSeed(value: ParameterValue): ValueFinding | null {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return null;
  return wrongType("a whole number from 0", value, null);
}

function checkNumber(
  parameter: Extract<Parameter, { type: "float" | "integer" }>,
  value: ParameterValue,
): ValueFinding | null {
  const { type, min, max } = parameter;
  if (typeof value !== "number" || !Number.isFinite(value))
    return wrongType(type === "float" ? "a number" : "a whole number", value, null);
  if (type === "integer" && !Number.isSafeInteger(value))
    return wrongType("a whole number", value, `round it: \`${Math.round(value)}\``);
  if (min !== undefined && value < min)
    return { message: `${value} is less than the parameter's min ${min}`, suggestion: null };
  if (max !== undefined && value > max)
    return { message: `${value} is more than the parameter's max ${max}`, suggestion: null };
  return null;
}

function wrongType(
  expected: string,
  value: ParameterValue,
  suggestion: string | null,
): ValueFinding {
  const got = typeof value === "string" ? `the text \`${excerpt(value)}\`` : `\`${value}\``;
  return { message: `expected ${expected}, got ${got}`, suggestion };
}
