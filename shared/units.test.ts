import { expect, test } from "vitest";
import { durationSchema, sizeSchema } from "./schemas/scalars.ts";
import { suggestDuration, suggestSize } from "./units.ts";

test.each([
  ["6 hours", "write `6h`"],
  ["20min", "write `20m`"],
  ["1.5 Days", "write `1.5d`"],
  ["1h30m", "write `90m`"],
  ["1m 30s", "write `90s`"],
  ["90", "add the unit: `90s` or `90m`"],
  ["6 parsecs", null],
  ["soon", null],
  ["", null],
  ["1".repeat(10_000), null],
])("suggestDuration(%j)", (text, suggestion) => expect(suggestDuration(text)).toBe(suggestion));

test.each([
  ["16G", "write `16GiB`"],
  ["16Gi", "write `16GiB`"],
  ["16gb", "write `16GB`"],
  ["500 mb", "write `500MB`"],
  ["64K", "write `64KiB`"],
  ["64KB", "write `64kB`"],
  ["100 bytes", "write `100B`"],
  ["2 gigabytes", "write `2GB`"],
  ["16", "add the unit: `16GiB` or `16MB`"],
  ["much", null],
])("suggestSize(%j)", (text, suggestion) => expect(suggestSize(text)).toBe(suggestion));

test("what is suggested is what the schemas accept", () => {
  const quoted = (suggestion: string | null) => /`(.*?)`/.exec(suggestion ?? "")?.[1];
  for (const text of ["6 hours", "20min", "1h30m", "90", "5 msecs"])
    expect(durationSchema.safeParse(quoted(suggestDuration(text))).success).toBe(true);
  for (const text of ["16G", "500 mb", "64KB", "100 bytes", "2 kilobytes", "7"])
    expect(sizeSchema.safeParse(quoted(suggestSize(text))).success).toBe(true);
});
