/** What begins everything, without a terminal: a dataset, an experiment, an evaluation. */
import {
  appendFileSync,
  existsSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { encodeNpyHeader } from "../../shared/npy.ts";
import { hasShell, openApp, shell } from "../support/app.ts";
import { openTestCore, untilDone } from "../support/core.ts";
import { image, npy, sourceWith } from "../support/dataset-sources.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { makeToy } from "../support/toy-dataset.ts";

const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));

test.skipIf(!hasShell)(
  `a folder of images becomes a dataset, and what is wrong is told where it was typed [${shell}]`,
  async () => {
    const pictures: Record<string, Uint8Array> = {};
    for (const [index, name] of ["cat", "bus"].entries())
      for (let number = 0; number < 10; number++)
        pictures[`${name}/${number}.png`] = await image([index * 200, number * 20, 90]);
    const { page, open, accessibilityProblems, problems } = await openApp(temporaryFolder());
    await open("/datasets");
    await page.getByRole("button", { name: "Add dataset…" }).click();
    const form = page.getByRole("dialog", { name: "Add dataset" });
    const submit = form.getByRole("button", { name: "Add dataset" });
    await form.getByLabel("Folder or file").fill("/nowhere/at/all");
    await form.getByLabel("Size").fill("32");
    await form.getByText("such as 64x64", { exact: false }).last().waitFor();
    expect(await submit.isDisabled()).toBe(true);
    expect(await accessibilityProblems()).toEqual([]);
    await form.getByLabel("Size").fill("8x8");
    await submit.click();
    await form.getByText("DATASET_UNRECOGNISED").waitFor();
    await form.getByLabel("Folder or file").fill(sourceWith(pictures));
    await form.getByLabel("Name").fill("two <b>classes</b>");
    await submit.click();
    await expect.poll(() => form.getByRole("alert").allTextContents()).not.toEqual([]);
    await form.getByLabel("Name").fill("two-classes");
    await form.getByLabel("Share to test on").fill("0.5");
    await submit.click();
    await page.getByText("Added two-classes, read as image folder.").waitFor();
    const row = page.getByRole("row", { name: /two-classes/ });
    expect(await row.textContent()).toContain("train 10 · test 10");
    await expect.poll(() => page.getByRole("img", { name: /cat|bus/ }).count()).toBe(10);
    expect(problems).toEqual([]);
  },
);

/** Arrays that take some seconds to be packed. */
function slowSource(): string {
  const rows = 3_000_000;
  const header = encodeNpyHeader("<f4", [rows, 4, 4]);
  const labels = Uint8Array.from({ length: rows }, (_, index) => index % 2);
  const folder = sourceWith({ "x.npy": header, "y.npy": npy([rows], labels) });
  truncateSync(join(folder, "x.npy"), header.length + rows * 64);
  return folder;
}

function spoilLastPixel(folder: string): void {
  const file = join(folder, "x.npy");
  truncateSync(file, statSync(file).size - 4);
  appendFileSync(file, new Uint8Array(Float32Array.of(7).buffer)); // Out of bounds.
}

test.skipIf(!hasShell)(
  `what is added goes on when its form is hidden, and tells there how it ends [${shell}]`,
  async () => {
    const folder = slowSource();
    const { page, open, problems } = await openApp(temporaryFolder());
    await open("/datasets");
    const form = page.getByRole("dialog", { name: "Add dataset" });
    const fill = async (name: string) => {
      await page.getByRole("button", { name: "Add dataset…" }).click();
      await form.getByLabel("Folder or file").fill(folder);
      await form.getByLabel("Name").fill(name);
      await form.getByRole("button", { name: "Add dataset" }).click();
    };
    await fill("first");
    await form.getByRole("button", { name: "Hide" }).click();
    await page.getByText(`Adding ${folder}.`).waitFor();
    // A form that was opened since stays open.
    await page.getByRole("button", { name: "Add dataset…" }).click();
    await form.getByLabel("Name").fill("second");
    await page.getByText("Added first,").waitFor({ timeout: 60_000 });
    expect(await form.getByLabel("Name").inputValue()).toBe("second");
    await form.getByRole("button", { name: "Cancel" }).click();
    spoilLastPixel(folder);
    await fill("third");
    await form.getByRole("button", { name: "Hide" }).click();
    await open("/runs");
    await open("/datasets");
    const alert = page.getByRole("alert");
    await alert.getByText(/^DATASET_/).waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Dismiss" }).click();
    await alert.waitFor({ state: "detached" });
    expect(problems).toEqual([]);
  },
  120_000,
);

test.skipIf(!hasShell)(
  `an experiment is made from a template and started, and nothing is overwritten [${shell}]`,
  async () => {
    const { page, open, accessibilityProblems, problems } = await openApp(temporaryFolder());
    const folder = join(temporaryFolder(), "mine");
    const make = async () => {
      await page.getByRole("button", { name: "New experiment…" }).click();
      const form = page.getByRole("dialog", { name: "New experiment" });
      await form.getByLabel("Template").selectOption({ label: "Any program" });
      await form.getByLabel("Folder").fill(folder);
      return form;
    };
    await open("/launch");
    const form = await make();
    expect(await accessibilityProblems()).toEqual([]);
    // Nobody sees which folder the core was started in.
    await form.getByLabel("Folder").fill("mine");
    await form.getByRole("button", { name: "Make experiment" }).click();
    await form.getByText("PATH_NOT_ABSOLUTE").waitFor();
    await form.getByLabel("Folder").fill(folder);
    await form.getByRole("button", { name: "Make experiment" }).click();
    await page.getByRole("button", { name: "Start run" }).waitFor();
    expect(await page.getByLabel("Folder with gauntlet.yaml").inputValue()).toBe(folder);
    const file = join(folder, "gauntlet.yaml");
    expect(existsSync(file)).toBe(true);
    writeFileSync(file, `# mine\n${readFileSync(file, "utf8")}`);
    const again = await make();
    await again.getByRole("button", { name: "Make experiment" }).click();
    await again.getByText("EXPERIMENT_EXISTS").waitFor();
    await again.getByRole("button", { name: "Cancel" }).click();
    expect(readFileSync(file, "utf8")).toMatch(/^# mine\n/);
    await page.getByRole("button", { name: "Start run" }).click();
    await page.getByText("succeeded").first().waitFor();
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasShell)(
  `all models are evaluated at a fixed epsilon, and the ranking shows what stood it [${shell}]`,
  async () => {
    const data = temporaryFolder();
    const core = await openTestCore(data);
    const { dataset, weights } = makeToy(60);
    await core.client.datasets.add({ folder: dataset });
    await core.client.models.import({
      file: weights,
      load: join(fixtures, "models", "linear-js/model.js:load"),
      dataset: "toy",
      name: "linear",
    });
    await core.client.attacks.add({ folder: join(fixtures, "attacks", "gradient") });
    await core.client.attacks.saveSet({ name: "one", attacks: ["gradient"], activate: true });
    const { queued } = await core.client.evaluations.fill({ samples: 24 });
    await untilDone(core.client, [], queued);
    const epsilon = (await core.client.leaderboard.get({})).ranked[0]?.score ?? NaN;
    await core.close();

    const { page, open, accessibilityProblems, problems } = await openApp(data);
    await open("/robustness");
    await page.getByRole("button", { name: "Evaluate…" }).click();
    const form = page.getByRole("dialog", { name: "Evaluate all models" });
    await form.getByText("Nothing is missing.").waitFor();
    await form.getByRole("button", { name: "Success within a fixed ε" }).click();
    await form.getByLabel("Norm").selectOption({ label: "L2" });
    await form.getByLabel("ε", { exact: true }).fill("eight");
    await form.getByText("Write a number above 0", { exact: false }).waitFor();
    expect(await accessibilityProblems()).toEqual([]);
    // The score is the median: half of the samples fall within it.
    await form.getByLabel("ε", { exact: true }).fill(String(epsilon));
    await form.getByRole("button", { name: "Start 1 evaluation" }).click();
    await form.waitFor({ state: "detached" });
    const column = page.getByRole("columnheader", { name: /^L2 \d/ });
    await column.waitFor();
    const row = page.getByRole("row", { name: /linear/ });
    await expect.poll(() => row.textContent()).toMatch(/100\.0(45\.8|50\.0)/);
    expect(problems).toEqual([]);
  },
);
