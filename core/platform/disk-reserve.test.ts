import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { createDiskReserve } from "./disk-reserve.ts";

test("space is held, given up piece by piece, and held again", () => {
  const folder = join(temporaryFolder(), "reserve");
  const sizes = () => readdirSync(folder).map((name) => statSync(join(folder, name)).size);
  const reserve = createDiskReserve(folder, 3, 10_000);
  expect(reserve.release()).toBe(false);
  reserve.hold();
  expect(sizes()).toEqual([10_000, 10_000, 10_000]);
  expect(reserve.release()).toBe(true);
  expect(sizes()).toEqual([10_000, 10_000]);
  expect([reserve.release(), reserve.release(), reserve.release()]).toEqual([true, true, false]);
  expect(sizes()).toEqual([]);
  writeFileSync(join(folder, "1"), "half of it");
  reserve.hold();
  expect(sizes()).toEqual([10_000, 10_000, 10_000]);
});

test("a disk that has not several times as much gives nothing", () => {
  const folder = join(temporaryFolder(), "reserve");
  const reserve = createDiskReserve(folder, 2, 2 ** 52);
  reserve.hold();
  expect(existsSync(join(folder, "0"))).toBe(false);
  expect(reserve.release()).toBe(false);
});
