import { expect, test } from "vitest";
import { createIdSource } from "./ids.ts";

test("ids are 26 characters and sort in the order they were made, also within a millisecond", () => {
  let time = 1_700_000_000_000;
  const newId = createIdSource(() => time);
  const ids = Array.from({ length: 100 }, (_, index) => {
    if (index % 10 === 0) time += index === 50 ? -1000 : 1;
    return newId();
  });
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(100);
  for (const id of ids) expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
});

test("a later source goes on behind the newest id of an earlier one, whatever its clock says", () => {
  const earlier = createIdSource(() => 1_700_000_000_000)();
  const hourBefore = createIdSource(
    () => 1_700_000_000_000 - 3_600_000,
    () => earlier,
  );
  const ids = [earlier, hourBefore(), hourBefore()];
  expect(ids.toSorted()).toEqual(ids);
  const later = createIdSource(
    () => 1_700_000_000_001,
    () => earlier,
  );
  expect(later() > earlier).toBe(true);
  expect(later().slice(0, 10)).not.toBe(earlier.slice(0, 10));
});
