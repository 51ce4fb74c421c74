import { expect, test } from "vitest";
import { environmentFacts } from "./environment-facts.ts";

test("an environment in short: interpreter, CUDA, and the frameworks among the packages", () => {
  const packages = { Zope: "5", torch: "2.9.0", NumPy: "2.1" };
  expect(environmentFacts({ runtime: "Python 3.12.3", cuda: "13.0", packages })).toEqual([
    { name: "runtime", value: "Python 3.12.3" },
    { name: "cuda", value: "13.0" },
    { name: "packages", value: "3: torch 2.9.0, numpy 2.1" },
  ]);
  expect(environmentFacts({ runtime: "Node v24", packages: { zod: "4" } })).toEqual([
    { name: "runtime", value: "Node v24" },
    { name: "packages", value: "1" },
  ]);
});

test.each([null, {}, { runtime: 3, packages: [] }, { runtime: null, cuda: null, packages: {} }])(
  "nothing is said of what is not known: %j",
  (environment) => expect(environmentFacts(environment)).toEqual([]),
);
