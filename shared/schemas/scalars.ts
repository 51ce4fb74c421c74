import { z } from "zod";
import { readByteSize, sizePattern } from "../byte-size.ts";

/** A name that is also a safe file name: letters, digits, `.`, `_`, `-`; at most 100 characters. */
export const nameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    "use letters, digits, '.', '_' and '-', starting with a letter or digit",
  );

const durationUnits = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration as text such as `90s`, `20m` or `6h`, parsed to milliseconds. */
export const durationSchema = z
  .string()
  .regex(/^\d+(\.\d+)?\s*(ms|s|m|h|d)$/, "write a duration such as 90s, 20m, 6h or 1d")
  .transform((text) => {
    const [, amount, unit] = /^([\d.]+)\s*(\w+)$/.exec(text) ?? [];
    return Math.round(Number(amount) * durationUnits[unit as keyof typeof durationUnits]);
  });

/** A size as text such as `16GiB` or `500MB`, parsed to bytes. */
export const sizeSchema = z
  .string()
  .regex(sizePattern, "write a size such as 16GiB or 500MB")
  .transform(readByteSize);

/** `file.ext:function`, where a model or an attack is loaded from, relative to its folder. */
export const entryPointSchema = z
  .string()
  .regex(
    /^(?!\/)(?!.*(^|\/)\.\.(\/|:))[^:\0]+\.(ts|mts|js|mjs|py):[A-Za-z_][A-Za-z0-9_]*$/,
    "write FILE:FUNCTION, such as model.py:load, with a .py, .ts or .js file inside the folder",
  );

/** A program and its arguments; never a shell string. */
export const commandSchema = z
  .array(z.union([z.string(), z.number().transform(String)]))
  .min(1, "a command needs at least the program's name");

export const parameterValueSchema = z.union([z.number(), z.string(), z.boolean()]);
export type ParameterValue = z.infer<typeof parameterValueSchema>;

/** Milliseconds since 1970-01-01 UTC. */
export const timestampSchema = z.int().nonnegative();
