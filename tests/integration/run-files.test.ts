/** What a run left and used, as the run's page shows it. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { folderWith, openTestCore, runToEnd } from "../support/core.ts";

const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

async function runWithFiles() {
  const core = await openTestCore();
  const folder = folderWith({
    "gauntlet.yaml": "name: toy\ntrain: { command: [node, main.mjs] }\n",
    "main.mjs": `import { writeFileSync } from "node:fs";
const out = process.env.GAUNTLET_RUN_DIR + "/out/";
writeFileSync(out + "note.json", '{"a":1}');
writeFileSync(out + "picture.txt", Buffer.from("${png}", "base64"));
writeFileSync(out + "fake.png", "<svg onload=alert(1)>");
writeFileSync(out + "weights.bin", Buffer.from([1, 0, 2]));
writeFileSync(out + "long.txt", "x".repeat(300 * 1024));
const until = Date.now() + 2500;
while (Date.now() < until);`,
  });
  const run = await runToEnd(core.client, folder);
  const files = run.attempts.flatMap((attempt) => attempt.files);
  const preview = (path: string) => {
    const file = files.find((each) => each.path === `out/${path}` || each.path === path);
    return core.client.runs.file({ run: run.id, sha256: file?.sha256 ?? "" });
  };
  return { ...core, run, preview };
}

test("files are shown by what is in them, up to a limit, and only those of the run", async () => {
  const { client, run, preview } = await runWithFiles();
  expect(await preview("note.json")).toEqual({ kind: "text", text: '{"a":1}', isWhole: true });
  expect(await preview("picture.txt")).toEqual({ kind: "image", type: "image/png", base64: png });
  expect(await preview("fake.png")).toMatchObject({ kind: "text", text: "<svg onload=alert(1)>" });
  expect(await preview("weights.bin")).toMatchObject({ kind: "other" });
  const long = await preview("long.txt");
  expect(long).toMatchObject({ kind: "text", isWhole: false });
  expect(long.kind === "text" && long.text.length).toBe(256 * 1024);
  const stranger = createHash("sha256").update("not of this run").digest("hex");
  await expect(client.runs.file({ run: run.id, sha256: stranger })).rejects.toMatchObject({
    data: { code: "FILE_NOT_FOUND" },
  });

  const use = await client.runs.resources({ run: run.id });
  expect(use).toMatchObject([{ stage: "train", attempt: 1 }]);
  const samples = use[0]?.samples ?? [];
  expect(samples.length).toBeGreaterThan(0);
  expect(samples.map(({ time }) => time)).toEqual(
    samples.map(({ time }) => time).toSorted((a, b) => a - b),
  );
  expect(Math.max(...samples.map(({ memory }) => memory ?? 0))).toBeGreaterThan(10 * 2 ** 20);
});
