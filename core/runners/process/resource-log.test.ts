import { expect, test } from "vitest";
import { nextSampleIn } from "./resource-log.ts";
import { parseGpuUse } from "./resource-sampler.ts";

test("samples come soon, then every second, then slowly less often", () => {
  let elapsed = 0;
  const times: number[] = [];
  while (elapsed < 3000) times.push((elapsed += nextSampleIn(elapsed, false)));
  expect(times).toEqual([20, 100, 300, 600, 1000, 2000, 3000]);
  expect(nextSampleIn(60_000, false)).toBe(1000);
  expect(nextSampleIn(120_000, false)).toBe(2000);
  expect(nextSampleIn(86_400_000, false)).toBe(5000);
  expect(nextSampleIn(86_400_000, true)).toBe(1000);
});

test("GPU use is read by index; what nvidia-smi does not tell is null", () => {
  const output =
    "0, 55, 1024, 61, 301.55\r\n1, [N/A], [N/A], [N/A], [Not Supported]\n3, 7.5, 0\nnonsense\n";
  expect(parseGpuUse(output, [3, 0, 1, 2])).toEqual([
    { index: 3, utilisation: 7.5, memory: 0, temperature: null, power: null },
    { index: 0, utilisation: 55, memory: 2 ** 30, temperature: 61, power: 301.55 },
    { index: 1, utilisation: null, memory: null, temperature: null, power: null },
    { index: 2, utilisation: null, memory: null, temperature: null, power: null },
  ]);
  expect(parseGpuUse("", [])).toEqual([]);
});
