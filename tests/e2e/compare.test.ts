/** From a selection of runs to their comparison; stars, tags, views and what takes them back. */
import { createRouterClient } from "@orpc/server";
import { expect, test } from "vitest";
import { createCore } from "../../core/core.ts";
import { hasShell, openApp, shell } from "../support/app.ts";
import { folderWith, untilDone } from "../support/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const program = (note: string) => `import { writeFileSync } from "node:fs";
const out = process.env.GAUNTLET_RUN_DIR + "/out/";
const lr = Number(process.argv[2]);
const lines = Array.from({ length: 50 }, (_, step) => JSON.stringify({ step, loss: lr / (step + 1) }));
writeFileSync(out + "metrics.jsonl", lines.join("\\n") + "\\n");
writeFileSync(out + "summary.json", JSON.stringify({ accuracy: 1 - lr }));
// ${note}`;

/** Three runs of one experiment, the last with other code. */
async function threeRuns(): Promise<{ data: string; runs: string[] }> {
  const data = temporaryFolder();
  const core = await createCore({ data });
  const client = createRouterClient(core.router);
  const folder = (note: string) =>
    folderWith({
      "gauntlet.yaml": `name: toy
parameters: { lr: { type: float, default: 0.1 }, kind: { type: text, default: plain } }
train: { command: [node, main.mjs, "{lr}"] }
`,
      "main.mjs": program(note),
    });
  const first = folder("before");
  const runs: string[] = [];
  for (const [from, lr, kind] of [
    [first, 0.1, "plain"],
    [first, 0.2, "plain"],
    [folder("after"), 0.3, "<b>bold</b>"],
  ] as const)
    runs.push((await client.runs.submit({ folder: from, parameters: { lr, kind } })).run);
  await untilDone(client, runs);
  await core.close();
  return { data, runs };
}

test.skipIf(!hasShell)(
  `selected runs are compared by curves, values, scatter, parallel coordinates and code [${shell}]`,
  async () => {
    const { page, open, accessibilityProblems, problems } = await openApp((await threeRuns()).data);
    await open("/runs?sort=lr");
    const grid = page.getByRole("grid", { name: "Runs" });
    const rows = grid.getByRole("row");
    await expect.poll(() => rows.count()).toBe(4);
    await grid.focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("x");
    await page.keyboard.press("End");
    await page.keyboard.press("Shift+X");
    await page.getByText("3 selected").waitFor();
    await page.keyboard.press("c");

    await page.getByRole("img", { name: /Chart of loss/ }).waitFor();
    await expect.poll(() => page.locator("canvas").count()).toBe(1);
    expect(
      await page.getByRole("img", { name: /Chart of loss/ }).getAttribute("aria-label"),
    ).toMatch(/(50 points.*){3}/);
    expect(await accessibilityProblems()).toEqual([]);

    await page.getByRole("tab", { name: "Values" }).click();
    const values = page.getByRole("region", { name: "Compared values" });
    await values.getByRole("row", { name: /accuracy/ }).waitFor();
    expect(await values.getByRole("row", { name: /^kind/ }).textContent()).toContain("<b>bold</b>");
    expect(await values.getByRole("row", { name: /^seed/ }).count()).toBe(0);
    await page.getByRole("button", { name: "Only what differs" }).click();
    await values.getByRole("row", { name: /^seed/ }).waitFor();
    expect(await accessibilityProblems()).toEqual([]);

    await page.getByRole("tab", { name: "Scatter" }).click();
    await expect.poll(() => page.locator("svg circle > title").allTextContents()).toHaveLength(3);
    expect((await page.locator("svg circle > title").allTextContents()).join()).toContain(
      "lr 0.2, accuracy 0.8",
    );
    expect(await accessibilityProblems()).toEqual([]);
    await page.getByRole("tab", { name: "Parallel coordinates" }).click();
    await expect.poll(() => page.locator("svg polyline").count()).toBe(3);
    expect(await accessibilityProblems()).toEqual([]);
    await page.getByRole("tab", { name: "Code" }).click();
    await page.getByText("The same code").waitFor();
    await page.getByRole("combobox", { name: /^To/ }).selectOption({ index: 2 });
    await page.getByText("+// after").waitFor();
    await page.getByText("-// before").waitFor();
    expect(await accessibilityProblems()).toEqual([]);

    const compared = page.getByRole("list", { name: "Compared runs" }).getByRole("listitem");
    const colourOf = (name: string | null) =>
      compared
        .filter({ hasText: name ?? "" })
        .locator("i")
        .getAttribute("style");
    const last = await compared.nth(2).getByRole("link").textContent();
    const colour = await colourOf(last);
    const leave = page.getByRole("button", { name: /^Leave/ });
    await leave.first().click();
    await expect.poll(() => leave.count()).toBe(2);
    expect(await colourOf(last)).toBe(colour);
    await page.getByRole("button", { name: "Add a run" }).click();
    const found = page.getByRole("option");
    await expect.poll(() => found.count()).toBe(1);
    expect(await accessibilityProblems()).toEqual([]);
    await page.keyboard.press("Enter");
    await expect.poll(() => leave.count()).toBe(3);
    expect(await colourOf(last)).toBe(colour);

    await page.getByRole("tab", { name: "Scatter" }).click();
    const dots = page.locator("svg circle:has(title)");
    await expect.poll(() => dots.count()).toBe(3);
    const middle = () => dots.nth(0).getAttribute("cx");
    const before = [await middle(), await dots.nth(1).getAttribute("cx")];
    await page.getByRole("button", { name: "Log scale, across" }).click();
    await expect
      .poll(async () => [await middle(), await dots.nth(1).getAttribute("cx")])
      .not.toEqual(before);
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasShell)(
  `stars and tags are found again and undone; views are kept; runs are deleted after a question [${shell}]`,
  async () => {
    const { page, open, accessibilityProblems, problems } = await openApp((await threeRuns()).data);
    const rows = page.getByRole("grid", { name: "Runs" }).getByRole("row");
    await expect.poll(() => rows.count()).toBe(4);
    await rows.nth(1).getByRole("button", { name: /^Star/ }).click();
    await page.getByText(/^Starred/).waitFor();
    await expect
      .poll(() => rows.nth(1).getByRole("button", { name: /^Star/ }).getAttribute("aria-pressed"))
      .toBe("true");
    const query = page.getByRole("combobox", { name: "Query" });
    await query.fill("starred = 1");
    await page.keyboard.press("Enter");
    await expect.poll(() => rows.count()).toBe(2);

    await page.getByRole("button", { name: "Views" }).click();
    await page.getByLabel("Name of the view").fill("Stars");
    await page.keyboard.press("Enter");
    await page.getByText("Saved the view Stars").waitFor();
    expect(await accessibilityProblems()).toEqual([]);
    await page.keyboard.press("Escape");
    await query.fill("");
    await expect.poll(() => rows.count()).toBe(4);
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("button", { name: /^Stars/ }).click();
    await expect.poll(() => rows.count()).toBe(2);

    await page.getByRole("grid", { name: "Runs" }).focus();
    await page.keyboard.press("Control+z");
    await page.getByText("Taken back: Opened the view Stars").waitFor();
    await page.keyboard.press("Control+z");
    await page.getByText("Taken back: Saved the view Stars").waitFor();
    await page.keyboard.press("Control+z");
    await expect.poll(() => rows.count()).toBe(1);
    await page.keyboard.press("Control+Shift+Z");
    await expect.poll(() => rows.count()).toBe(2);

    await open("/runs");
    await expect.poll(() => rows.count()).toBe(4);
    await page.getByRole("grid", { name: "Runs" }).focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("x");
    await page.getByRole("button", { name: "Tags…" }).click();
    await page.getByLabel("New tag").fill("two words");
    await page.getByText("A tag is one word").waitFor();
    await page.getByLabel("New tag").fill("paper");
    await page.keyboard.press("Enter");
    await rows.nth(1).getByText("paper").waitFor();
    expect(await accessibilityProblems()).toEqual([]);
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Delete…" }).click();
    await page.getByRole("dialog").getByText("This cannot be undone").waitFor();
    expect(await accessibilityProblems()).toEqual([]);
    await page.getByRole("button", { name: "Delete 1 run" }).click();
    await expect.poll(() => rows.count()).toBe(3);
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasShell)(
  `runs come into a comparison and leave it while it is looked at [${shell}]`,
  async () => {
    const { data, runs } = await threeRuns();
    const { page, open, problems } = await openApp(data);
    const chart = page.getByRole("img", { name: /Chart of loss/ });
    const lines = async () =>
      ((await chart.getAttribute("aria-label")) ?? "").match(/50 points/g)?.length;
    // The chart is there already while what the next ones draw is on its way.
    for (const count of [1, 2, 3, 1]) {
      const shown = encodeURIComponent(JSON.stringify(runs.slice(0, count)));
      await open(`/compare?runs=${shown}`);
      await expect.poll(lines).toBe(count);
      await chart.locator("canvas").waitFor();
    }
    expect(problems).toEqual([]);
  },
);
