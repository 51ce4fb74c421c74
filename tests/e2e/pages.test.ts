/** Every page over results of every kind, in both themes; what a page says is what the core knows. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRouterClient } from "@orpc/server";
import { expect, test } from "vitest";
import { createCore } from "../../core/core.ts";
import { hasShell, openApp, shell } from "../support/app.ts";
import { folderWith, untilDone } from "../support/core.ts";
import { image, sourceWith } from "../support/dataset-sources.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { makeToy } from "../support/toy-dataset.ts";

const fixture = (...path: string[]) =>
  join(fileURLToPath(new URL("../fixtures/", import.meta.url)), ...path);

/** A sweep of which one cell fails, two models under two attacks, and a third attack not tried. */
async function folderWithResults(): Promise<{
  data: string;
  sweep: string;
  models: { id: string; name: string }[];
}> {
  const data = temporaryFolder();
  const core = await createCore({ data });
  const client = createRouterClient(core.router);
  const { dataset, weights } = makeToy(40);
  await client.datasets.add({ folder: dataset });
  for (const name of ["gradient", "search", "search-command"])
    await client.attacks.add({ folder: fixture("attacks", name) });
  const models = [];
  for (const name of ["linear", "twin"]) {
    const load = fixture("models", "linear-js", "model.js:load");
    models.push(await client.models.import({ file: weights, load, dataset: "toy", name }));
  }
  const { queued } = await client.evaluations.fill({
    models: models.map(({ id }) => id),
    attacks: ["gradient", "search"],
    samples: 24,
  });
  const folder = folderWith({
    "gauntlet.yaml": `name: toy
parameters: { width: { type: integer, default: 1 } }
train: { command: [node, main.mjs, "{width}"] }
sweep: { values: { width: [1, 2, 3] }, objective: { metric: loss, goal: minimize } }
`,
    "main.mjs": `import { writeFileSync } from "node:fs";
const width = Number(process.argv[2]);
writeFileSync(process.env.GAUNTLET_RUN_DIR + "/out/metrics.jsonl", JSON.stringify({ step: 0, loss: 1 / width }) + "\\n");
if (width === 3) throw new Error("too wide");`,
  });
  const { sweep, runs } = await client.sweeps.submit({ folder });
  await untilDone(client, runs, queued);
  await client.attacks.saveSet({
    name: "pair",
    date: "2026-11-24",
    attacks: ["gradient", "search"],
    activate: true,
  });
  await core.close();
  return { data, sweep, models };
}

test.skipIf(!hasShell)(`every page is readable in both themes [${shell}]`, async () => {
  const { data, sweep, models } = await folderWithResults();
  const { page, open, accessibilityProblems, problems } = await openApp(data);
  const pages: [string, string | RegExp][] = [
    ["/runs", "succeeded"],
    ["/sweeps", "3"],
    [`/sweeps/${sweep}`, "width=3"],
    ["/launch", /gauntlet\.yaml/],
    ["/models", "twin"],
    [`/models/${models[0]?.id}`, "Smallest over the set"],
    ["/robustness", "more ink, more robust"],
    ["/attacks", "search-command"],
    ["/datasets", "toy"],
    ["/compute", "CPU"],
    ["/settings", "Rows of tables"],
  ];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [path, text] of pages) {
      await open(path);
      await page.locator("main").getByText(text).first().waitFor();
      expect(await accessibilityProblems(), `${path}, ${colorScheme}`).toEqual([]);
    }
  }
  expect(problems).toEqual([]);
});

test.skipIf(!hasShell)(
  `a sweep shows its best cell and is deleted with its runs after a question [${shell}]`,
  async () => {
    const { data, sweep } = await folderWithResults();
    const { page, open, accessibilityProblems, problems } = await openApp(data);
    await open(`/sweeps/${sweep}`);
    const cells = page.getByRole("grid", { name: /Cells of/ }).getByRole("gridcell");
    await expect.poll(() => cells.count()).toBe(3);
    await expect.poll(() => cells.nth(1).textContent()).toContain("best0.5");
    expect(await cells.nth(0).textContent()).not.toContain("best");
    await page.getByRole("button", { name: "Delete…" }).click();
    await page.getByRole("dialog").getByText("3 runs").waitFor();
    expect(await accessibilityProblems()).toEqual([]);
    await page.getByRole("checkbox").check();
    await page.getByRole("button", { name: "Delete it and 3 runs" }).click();
    await page.getByText("Your sweeps will be here").waitFor();
    await open("/runs");
    await page.getByText("Your runs will be here").waitFor();
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasShell)(
  `the leaderboard narrows to classes, tells accuracy at an epsilon and draws a model by attack [${shell}]`,
  async () => {
    const { data, models } = await folderWithResults();
    const { page, open, problems } = await openApp(data);
    await open("/robustness");
    const rows = page.getByRole("grid", { name: "Models by attacks" }).getByRole("row");
    await expect.poll(() => rows.count()).toBe(3);
    await page.getByText("Robust accuracy against ε").first().waitFor();

    const epsilon = page.getByLabel("ε", { exact: true });
    await epsilon.fill("0.o3");
    await page.getByText("“0.o3” is not a number from 0.").waitFor();
    await epsilon.fill("0, 9");
    await epsilon.press("Enter");
    await page.getByRole("columnheader", { name: /ε 9/ }).waitFor();
    // No perturbation is both everywhere in bounds and larger than that.
    const cells = rows.nth(1).getByRole("gridcell");
    await expect.poll(() => cells.nth(5).textContent()).toBe("100.0");
    await expect.poll(() => cells.nth(6).textContent()).toBe("0.0");

    const score = cells.nth(3);
    const before = await score.textContent();
    await page.getByLabel("Classes").fill("1");
    await page.getByLabel("Classes").press("Enter");
    await expect.poll(() => score.textContent()).not.toBe(before);
    expect(page.url()).toContain("classes");

    await rows.nth(1).getByRole("gridcell").first().click();
    await page.getByText(/Robust accuracy against ε, (linear|twin)/).waitFor();
    await page.getByText("Only classes 1 count.").waitFor();
    await rows.nth(1).getByRole("link").click();
    await expect
      .poll(() => models.some(({ id }) => page.url().endsWith(`/models/${id}`)))
      .toBe(true);
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasShell)(`the samples of a dataset are shown by split [${shell}]`, async () => {
  const data = temporaryFolder();
  const core = await createCore({ data });
  const client = createRouterClient(core.router);
  const red = await image([255, 0, 0]);
  const folder = sourceWith(
    Object.fromEntries(
      Array.from({ length: 10 }, (_, i) => [`${i < 5 ? "cat" : "dog"}/${i}.png`, red]),
    ),
  );
  await client.datasets.add({ folder, name: "pets" });
  await client.datasets.add({ folder: makeToy(20).dataset });
  await core.close();
  const { page, open, accessibilityProblems, problems } = await openApp(data);
  await open("/datasets");
  await page.getByText("pets").first().waitFor();
  await page.getByText("2 of 2 samples").waitFor();
  await page.getByRole("img", { name: "cat, test-0000000" }).waitFor();
  const colour: unknown = await page.evaluate(
    `Array.from(document.querySelector('canvas[aria-label="cat, test-0000000"]')
      .getContext("2d").getImageData(1, 1, 1, 1).data)`,
  );
  expect(colour).toEqual([255, 0, 0, 255]);
  await page.getByRole("button", { name: "train" }).click();
  await page.getByText("8 of 8 samples").waitFor();
  expect(await page.getByRole("img", { name: /^(cat|dog), train-/ }).count()).toBe(8);
  expect(await accessibilityProblems()).toEqual([]);
  await page.getByText("toy", { exact: true }).click();
  await page.getByText("20 of 20 samples").waitFor();
  expect(problems).toEqual([]);
});
