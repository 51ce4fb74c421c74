import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type Rule, walkLayers } from "./layer-walk.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const fixtures = fileURLToPath(new URL("fixtures/layers", import.meta.url));

test("every import of every file keeps to the layers", () => {
  const { files, imports, violations } = walkLayers(root);
  console.log(`layers: looked at ${files} files and ${imports} imports`);
  expect(violations.map(({ file, line, message }) => `${file}:${line} ${message}`)).toEqual([]);
  // A walk that sees too little would find no violation either.
  expect(files).toBeGreaterThan(150);
  expect(imports).toBeGreaterThan(500);
});

test("every line of the fixtures that breaks a rule is found, and no other", () => {
  const expected = globSync("**/*.{ts,mjs}", { cwd: fixtures }).flatMap((file) =>
    readFileSync(join(fixtures, file), "utf8")
      .split("\n")
      .flatMap((text, index) => {
        const rule = /\/\/ breaks: (.*)/.exec(text)?.[1];
        return rule ? [`${file}:${index + 1} ${rule}`] : [];
      }),
  );
  const { violations } = walkLayers(fixtures);
  const found = violations.map(({ file, line, rule }) => `${file}:${line} ${rule}`);
  expect(found.toSorted()).toEqual(expected.toSorted());

  const rules = new Set(violations.map(({ rule }) => rule));
  const all: Rule[] = ["computed", "layer", "no-layer", "node", "package", "syntax", "unresolved"];
  expect([...rules].toSorted()).toEqual(all);
});
