import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createSeal, sealKeyLength } from "./seal.ts";

test("only what was sealed with the key, under the name, and not changed is opened", () => {
  const seal = createSeal(randomBytes(sealKeyLength));
  for (const value of ["", "x", "tök€n\n".repeat(5000)]) {
    const sealed = seal.close(value, "A");
    expect(seal.open(sealed, "A")).toBe(value);
    expect(seal.close(value, "A")).not.toBe(sealed);
    expect(seal.open(sealed, "B")).toBe(null);
    expect(createSeal(randomBytes(sealKeyLength)).open(sealed, "A")).toBe(null);
    const bytes = Buffer.from(sealed, "base64");
    for (const at of [0, 12, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(seal.open(changed.toString("base64"), "A")).toBe(null);
    }
  }
  for (const nonsense of ["", "AAAA", "no base64!"]) expect(seal.open(nonsense, "A")).toBe(null);
});
