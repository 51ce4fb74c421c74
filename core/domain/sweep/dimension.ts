import type { Parameter } from "../../../shared/schemas/experiment.ts";
import type { ParameterValue } from "../../../shared/schemas/scalars.ts";

/** Where a value lies within a parameter's range: a numerator over 2^32, 0 to 2^32 - 1. */
export type Position = number;
const whole = 2 ** 32;

/** The finest rounding: 2^36 steps over a range tell any two positions apart. */
export const finestBits = 36;

/** One axis of the space that points are drawn from. */
export type Dimension = {
  name: string;
  /** Whether more than one value can come out. */
  varies: boolean;
  /** Whether rounding can make two positions one value. */
  isRounded: boolean;
  /** The value at a position, rounded to about 2^bits steps over the range (bits 1 to 36). */
  valueAt(position: Position, bits: number): ParameterValue;
};

/** Every value is as likely as the others. */
export function listDimension(name: string, values: readonly ParameterValue[]): Dimension {
  const [first] = values;
  if (first === undefined) throw new Error(`no values for ${name}`);
  return {
    name,
    varies: values.length > 1,
    isRounded: false,
    valueAt: (position) => values[Math.floor((position * values.length) / whole)] ?? first,
  };
}

/** What a parameter's declaration allows. It must have a range or choices (see checkSampled). */
export function declaredDimension(name: string, parameter: Parameter): Dimension {
  switch (parameter.type) {
    case "choice":
      return listDimension(name, [...new Set(parameter.values)]);
    case "boolean":
      return listDimension(name, [false, true]);
    case "text":
      throw new Error(`${name} is text, which has no range`);
    case "float":
    case "integer": {
      const { type, min, max, scale } = parameter;
      if (min === undefined || max === undefined) throw new Error(`${name} has no range`);
      const isInteger = type === "integer";
      // The ends of an integer's range are as likely as what lies between: half a step more.
      const spread =
        scale === "log"
          ? logSpread(isInteger ? min - 0.5 : min, isInteger ? max + 0.5 : max)
          : linearSpread(isInteger ? min - 0.5 : min, isInteger ? max + 0.5 : max);
      const within = (value: number) => Math.min(max, Math.max(min, value));
      return {
        name,
        varies: min < max,
        isRounded: !isInteger,
        valueAt: (position, bits) => {
          const value = spread.at(position);
          if (isInteger) return within(Math.round(value)) + 0;
          return within(roundToStep(value, spread.spacing(value, bits))) + 0; // + 0: never -0
        },
      };
    }
  }
}

type Spread = {
  at(position: Position): number;
  /** How far apart 2^bits evenly spread values lie around this one. */
  spacing(value: number, bits: number): number;
};

function linearSpread(low: number, high: number): Spread {
  return {
    // Not low + u * (high - low): the difference of two finite numbers may not be finite.
    at: (position) => low * ((whole - position) / whole) + high * (position / whole),
    spacing: (_value, bits) => high / 2 ** bits - low / 2 ** bits,
  };
}

/**
 * low * (high / low)^u for low > 0. The language leaves the last digits of exp, log and pow to the
 * engine; products of square roots, one for each binary digit of u, are the same everywhere.
 */
function logSpread(low: number, high: number): Spread {
  const roots: number[] = [];
  // Of each end by itself: their quotient may be too large.
  let root = Math.sqrt(high) / Math.sqrt(low);
  for (let k = 0; k < finestBits; k++) {
    roots.push(root); // (high / low)^(2^-(k + 1))
    root = Math.sqrt(root);
  }
  return {
    at(position) {
      let value = low;
      for (let k = 0; k < 32; k++) if ((position >>> (31 - k)) & 1) value *= roots[k] ?? 1;
      return value;
    },
    spacing: (value, bits) => value * ((roots[bits - 1] ?? 1) - 1),
  };
}

/** Rounds to a multiple of the largest power of ten that is not above the spacing. */
function roundToStep(value: number, spacing: number): number {
  if (!(spacing > 0)) return value;
  const digits = decimalExponent(value) - decimalExponent(spacing) + 1;
  // Decimal conversion is exact by the language's definition, unlike arithmetic with 0.1.
  return Number(value.toPrecision(Math.min(21, Math.max(1, digits))));
}

/** The powers of ten from 1e-324, which is 0, to 1e309, which is infinite, as exact as they can be. */
const smallestExponent = -324;
const powersOfTen = Float64Array.from({ length: 634 }, (_, i) =>
  Number(`1e${i + smallestExponent}`),
);

/** Floor of log10(|value|), exactly: the engine's logarithm is only where the search begins. */
function decimalExponent(value: number): number {
  const size = Math.abs(value);
  if (size === 0) return 0;
  let exponent = Math.floor(Math.log10(size));
  while (size < (powersOfTen[exponent - smallestExponent] ?? 0)) exponent -= 1;
  while (size >= (powersOfTen[exponent + 1 - smallestExponent] ?? Infinity)) exponent += 1;
  return exponent;
}
