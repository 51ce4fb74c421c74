import { z } from "zod";
import { excerpt } from "./visible.ts";
import type { DocumentPath } from "./yaml-source.ts";

type Schema = z.core.$ZodType;

/** The value at a path of plain data, or undefined. */
export function valueAt(data: unknown, path: DocumentPath): unknown {
  let value = data;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.getOwnPropertyDescriptor(value, step)?.value;
  }
  return value;
}

/**
 * The schemas that may apply at a path of `data`: one, or several where a union leaves it open.
 * A discriminated union is narrowed by the data.
 */
export function schemasAt(schema: Schema, path: DocumentPath, data: unknown): Schema[] {
  let schemas = alternatives(schema, data);
  path.forEach((step, index) => {
    const value = valueAt(data, path.slice(0, index + 1));
    schemas = schemas.flatMap((one) => {
      const next = stepInto(one, step);
      return next ? alternatives(next, value) : [];
    });
  });
  return schemas;
}

/** The keys that a mapping at this path may have. */
export function keysAt(schema: Schema, path: DocumentPath, data: unknown): string[] {
  const keys = schemasAt(schema, path, data).flatMap((one) =>
    one instanceof z.core.$ZodObject ? Object.keys(one._zod.def.shape) : [],
  );
  return [...new Set(keys)];
}

/** Takes defaults and optionality off, and unions apart. */
function alternatives(schema: Schema, value: unknown): Schema[] {
  if (
    schema instanceof z.core.$ZodOptional ||
    schema instanceof z.core.$ZodDefault ||
    schema instanceof z.core.$ZodNullable
  )
    return alternatives(schema._zod.def.innerType, value);
  if (!(schema instanceof z.core.$ZodUnion)) return [schema];
  const options = schema._zod.def.options;
  if (!(schema instanceof z.core.$ZodDiscriminatedUnion))
    return options.flatMap((option) => alternatives(option, value));
  const tag = valueAt(value, [schema._zod.def.discriminator]);
  const matching = options.filter((option) =>
    literalsOf(stepInto(option, schema._zod.def.discriminator)).includes(tag),
  );
  return (matching.length > 0 ? matching : options).flatMap((option) =>
    alternatives(option, value),
  );
}

function literalsOf(schema: Schema | undefined): unknown[] {
  return schema instanceof z.core.$ZodLiteral ? schema._zod.def.values : [];
}

function stepInto(schema: Schema, step: string | number): Schema | undefined {
  if (schema instanceof z.core.$ZodObject) {
    const shape = schema._zod.def.shape;
    return Object.hasOwn(shape, step) ? shape[step] : undefined;
  }
  if (schema instanceof z.core.$ZodRecord) return schema._zod.def.valueType;
  if (schema instanceof z.core.$ZodArray) return schema._zod.def.element;
  if (schema instanceof z.core.$ZodTuple) return schema._zod.def.items[Number(step)];
  return undefined;
}

/** A value in a few words, for "expected a number, got ...". */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "string") return `the text \`${excerpt(value)}\``;
  if (typeof value === "number" || typeof value === "boolean") return `\`${value}\``;
  return `a ${typeof value}`;
}
