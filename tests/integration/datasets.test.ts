import { execFileSync } from "node:child_process";
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeNpy } from "../../shared/npy.ts";
import { openTestCore } from "../support/core.ts";
import { makeToy } from "../support/toy-dataset.ts";

test.each<[string, string, (dataset: string) => void]>([
  [
    "fewer labels than it says",
    "y.npy is an array of shape (5); by dataset.json it is (20)",
    (dataset) => {
      const labels = encodeNpy({ dtype: "|u1", shape: [5], data: new Uint8Array(5) });
      writeFileSync(join(dataset, "y.npy"), labels);
    },
  ],
  [
    "images of another shape",
    "x.npy is an array of shape (20, 6); by dataset.json it is (20, 1, 2, 3)",
    (dataset) => {
      const images = encodeNpy({ dtype: "<f4", shape: [20, 6], data: new Float32Array(120) });
      writeFileSync(join(dataset, "x.npy"), images);
    },
  ],
  [
    "images that are cut off",
    "x.npy is cut off",
    (dataset) => truncateSync(join(dataset, "x.npy"), 200),
  ],
  [
    "a pipe among its files",
    "is no regular file",
    (dataset) => {
      rmSync(join(dataset, "y.npy"));
      execFileSync("mkfifo", [join(dataset, "y.npy")]);
    },
  ],
  ["no dataset.json", "expected object", (dataset) => rmSync(join(dataset, "dataset.json"))],
])("a dataset with %s is refused, and said why", async (_what, details, spoil) => {
  const { client } = await openTestCore();
  const { dataset } = makeToy(20);
  spoil(dataset);
  const answer = client.datasets.add({ folder: dataset });
  await expect(answer).rejects.toMatchObject({
    data: { code: "DATASET_INVALID", details: expect.stringContaining(details) },
  });
  expect(await client.datasets.list({})).toEqual([]);
});
