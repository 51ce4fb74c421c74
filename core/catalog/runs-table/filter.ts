import { type Condition, isInRange } from "../../../shared/query/condition.ts";
import type { Field } from "../../../shared/query/fields.ts";
import { type Column, noText } from "./column.ts";

const noAnswers = new Uint8Array(0);

export type ColumnOf = (field: Field) => Column;

/** One byte per row: 1 where the condition holds. */
export function matchingRows(condition: Condition, count: number, columnOf: ColumnOf): Uint8Array {
  switch (condition.kind) {
    case "and": {
      const mask = new Uint8Array(count).fill(1);
      for (const item of condition.items) {
        const other = matchingRows(item, count, columnOf);
        for (let row = 0; row < count; row++) mask[row] = (mask[row] ?? 0) & (other[row] ?? 0);
      }
      return mask;
    }
    case "or": {
      const mask = new Uint8Array(count);
      for (const item of condition.items) mergeInto(mask, matchingRows(item, count, columnOf));
      return mask;
    }
    case "not": {
      const mask = matchingRows(condition.item, count, columnOf);
      for (let row = 0; row < count; row++) mask[row] = 1 - (mask[row] ?? 0);
      return mask;
    }
    case "range": {
      const { numbers } = columnOf(condition.field);
      const { range } = condition;
      const mask = new Uint8Array(count);
      // No comparison holds for NaN.
      for (let row = 0; row < count; row++)
        if (isInRange(range, numbers[row] ?? Number.NaN)) mask[row] = 1;
      return mask;
    }
    case "one-of":
      return oneOf(condition, count, columnOf(condition.field));
    case "ends-with":
      return byText(count, columnOf(condition.field), (text) =>
        condition.texts.some((end) => text.toUpperCase().endsWith(end)),
      );
    case "contains": {
      const mask = new Uint8Array(count);
      for (const field of condition.fields)
        mergeInto(mask, containing(condition.text, count, columnOf(field)));
      return mask;
    }
    case "matches": {
      const pattern = new RegExp(condition.source, condition.flags);
      const mask = new Uint8Array(count);
      for (const field of condition.fields)
        mergeInto(
          mask,
          byText(count, columnOf(field), (text) => pattern.test(text)),
        );
      return mask;
    }
    case "missing": {
      const column = columnOf(condition.field);
      const mask = new Uint8Array(count);
      for (let row = 0; row < count; row++) if (column.isMissing(row)) mask[row] = 1;
      return mask;
    }
  }
}

function mergeInto(mask: Uint8Array, other: Uint8Array): void {
  for (let row = 0; row < mask.length; row++) mask[row] = (mask[row] ?? 0) | (other[row] ?? 0);
}

function oneOf(
  { numbers, texts }: Condition & { kind: "one-of" },
  count: number,
  column: Column,
): Uint8Array {
  const wanted = new Set(numbers);
  const codes = new Set(texts.flatMap((text) => column.texts?.codeOf(text) ?? []));
  const mask = new Uint8Array(count);
  if (wanted.size > 0)
    for (let row = 0; row < count; row++)
      if (wanted.has(column.numbers[row] ?? Number.NaN)) mask[row] = 1;
  if (codes.size > 0)
    for (let row = 0; row < count; row++)
      if (codes.has(column.texts?.codes[row] ?? noText)) mask[row] = 1;
  return mask;
}

function containing(wanted: string, count: number, column: Column): Uint8Array {
  return byCode(count, column, column.texts?.containing(wanted) ?? noAnswers, (number) =>
    String(number).includes(wanted),
  );
}

/** Asks each different text once; numbers are asked as they are written. */
function byText(count: number, column: Column, holds: (text: string) => boolean): Uint8Array {
  const { texts = [] } = column.texts ?? {};
  const answers = Uint8Array.from(texts, (text) => (holds(text) ? 1 : 0));
  return byCode(count, column, answers, (number) => holds(String(number)));
}

/** `answers` are those of the texts, by code. */
function byCode(
  count: number,
  { numbers, texts }: Column,
  answers: Uint8Array,
  numberHolds: (number: number) => boolean,
): Uint8Array {
  const mask = new Uint8Array(count);
  if (texts && answers.includes(1))
    for (let row = 0; row < count; row++) {
      const code = texts.codes[row] ?? noText;
      if (code !== noText && answers[code] === 1) mask[row] = 1;
    }
  for (let row = 0; row < count; row++) {
    const number = numbers[row] ?? Number.NaN;
    if (!Number.isNaN(number)) mask[row] = numberHolds(number) ? 1 : 0;
  }
  return mask;
}
