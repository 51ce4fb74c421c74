import { describe, expect, test } from "vitest";
import { closest, didYouMean, editDistance } from "./suggest.ts";

describe("editDistance", () => {
  test.each([
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "", 3],
    ["kitten", "sitting", 3],
    ["trian", "train", 1],
    ["ab", "ba", 1],
    // Restricted form: the swapped pair is not edited again, so 3 and not 2.
    ["ca", "abc", 3],
    ["learning_rate", "learning_rate", 0],
  ])("%j to %j is %i", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe("closest", () => {
  const names = ["learning_rate", "loss", "epochs", "seed"];

  test.each([
    ["learning-rate", "learning_rate"],
    ["learnign_rate", "learning_rate"],
    ["LOSS", "loss"],
    ["epoch", "epochs"],
    ["sede", "seed"],
  ])("%s was meant to be %s", (word, name) => expect(closest(word, names)).toBe(name));

  test("finds nothing where too little is shared", () => {
    expect(closest("momentum", names)).toBeNull();
    expect(closest("a", ["b", "c"])).toBeNull();
    expect(closest("", names)).toBeNull();
    expect(closest("seed", [])).toBeNull();
  });

  test("takes the nearest, and the first of equals", () => {
    expect(closest("tset", ["text", "test"])).toBe("test");
    expect(closest("lox", ["lot", "log"])).toBe("lot");
  });

  test("does not spend time on very long words", () => {
    const long = "x".repeat(100_000);
    expect(closest(long, [`${long}y`])).toBeNull();
  });
});

test("didYouMean words the suggestion", () => {
  expect(didYouMean("trian", ["train", "test"])).toBe("did you mean `train`?");
  expect(didYouMean("zzz", ["train", "test"])).toBeNull();
});
