import { expect, test } from "vitest";
import { byteDistance, challengeScores, worstByteDistance } from "./challenge-score.ts";

test("distances are told on [0, 1]", () => {
  const black = new Uint8Array(4);
  const white = new Uint8Array(4).fill(255);
  expect(byteDistance(black, white)).toBe(2);
  expect(byteDistance(white, black)).toBe(2);
  expect(byteDistance(black, Uint8Array.of(3, 4, 0, 0))).toBe(5 / 255);
  expect(worstByteDistance(Uint8Array.of(0, 255, 0, 255))).toBe(2);
  expect(worstByteDistance(Uint8Array.of(128))).toBe(128 / 255);
  expect(worstByteDistance(Uint8Array.of(127))).toBe(128 / 255);
  expect(() => byteDistance(black, new Uint8Array(3))).toThrow(RangeError);
});

test("a model's score is the median of the smallest distances, an attack's that of all it left", () => {
  const scores = challengeScores([
    [Float64Array.of(1, 5, 9), Float64Array.of(4, 2, 8)],
    [Float64Array.of(0, 6, 6), Float64Array.of(7, 7, 0)],
  ]);
  // Smallest: 1 2 8 and 0 6 0.
  expect(scores.models).toEqual([2, 0]);
  // 0 1 5 6 6 9 and 0 2 4 7 7 8.
  expect(scores.attacks).toEqual([5.5, 5.5]);
  expect(scores.topModels).toEqual([0, 1]);
  expect(scores.topAttacks).toEqual([0, 1]);
});

test("no more than the best five of the other side count", () => {
  const attacks = [6, 1, 5, 2, 4, 3].map((distance) => Float64Array.of(distance));
  expect(challengeScores([attacks])).toMatchObject({ models: [1], topAttacks: [1, 3, 5, 4, 2] });
  const models = [1, 2, 3, 4, 5, 100].map((distance) => [Float64Array.of(distance)]);
  // The weakest model, 1, is no longer among the top five: the median of 2 3 4 5 100.
  expect(challengeScores(models)).toMatchObject({ attacks: [4], topModels: [5, 4, 3, 2, 1] });
});
