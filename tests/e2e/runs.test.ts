import { createRouterClient } from "@orpc/server";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { createCore } from "../../core/core.ts";
import { hasProgram } from "../parts.ts";
import { openApp } from "../support/app.ts";
import { runCli } from "../support/cli.ts";
import { folderWith, untilDone } from "../support/core.ts";
import { fillCatalog } from "../support/many-runs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const hasBrowser = hasProgram("chromium");

/** A data folder with runs whose loss falls from 1 to 1 / `points`. */
async function folderWithRuns(count: number): Promise<string> {
  const folder = folderWith({
    "gauntlet.yaml": `name: falling
parameters: { points: { type: integer, default: 10 } }
train: { command: [node, main.mjs, "{points}"] }
`,
    "main.mjs": `import { writeFileSync } from "node:fs";
const points = Number(process.argv[2]);
const lines = Array.from({ length: points }, (_, step) => JSON.stringify({ step, loss: 1 / (step + 1) }));
writeFileSync(process.env.GAUNTLET_RUN_DIR + "/out/metrics.jsonl", lines.join("\\n") + "\\n");`,
  });
  const data = temporaryFolder();
  const core = await createCore({ data });
  const client = createRouterClient(core.router);
  const runs: string[] = [];
  for (let seed = 0; seed < count; seed++)
    runs.push((await client.runs.submit({ folder, seed, parameters: { points: 10 + seed } })).run);
  await untilDone(client, runs);
  await core.close();
  return data;
}

/** The columns of the runs table from left to right. */
const columnsOf = (page: Page) =>
  page
    .locator("[role=columnheader][data-column]")
    .evaluateAll((all) => all.map((head) => head.getAttribute("data-column")));

test.skipIf(!hasBrowser)(
  "each row in view draws the course of its metric, and all of them are asked for at once [chromium]",
  async () => {
    const { page, accessibilityProblems, problems } = await openApp(await folderWithRuns(6));
    const questions: string[] = [];
    page.on("websocket", (socket) =>
      socket.on("framesent", ({ payload }) => {
        const text = String(payload);
        if (text.includes("sparklines")) questions.push(text);
      }),
    );
    await page.reload();
    const lines = page.getByRole("img", { name: /^loss from 1 to/ });
    await lines.nth(5).waitFor();
    await page.getByRole("img", { name: "loss from 1 to 0.1, 10 points" }).waitFor();
    await page.getByRole("img", { name: "loss from 1 to 0.06667, 15 points" }).waitFor();
    expect(questions).toHaveLength(1);
    expect(await accessibilityProblems()).toEqual([]);

    // By its head the table is sorted by the last value.
    await page.getByRole("columnheader", { name: "loss curve" }).getByRole("button").click();
    await expect.poll(() => lines.first().getAttribute("aria-label")).toContain("15 points");
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasBrowser)(
  "columns are moved, pinned, resized and taken away by mouse and by keys, and stay so [chromium]",
  async () => {
    const { page, accessibilityProblems, problems } = await openApp(await folderWithRuns(2));
    await page.getByRole("img", { name: /^loss/ }).first().waitFor();
    const head = (column: string) => page.locator(`[data-column="${column}"]`);
    const free = async () => (await columnsOf(page)).slice(2);
    const before = await free();
    expect(before.slice(0, 3)).toEqual(["state", "label", "score"]);

    await head("score").dragTo(head("state"));
    await expect.poll(free).toEqual(["score", "state", "label", ...before.slice(3)]);
    await head("score").getByRole("button").focus();
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    await expect.poll(free).toEqual(before);
    await page.keyboard.press("p");
    await expect.poll(free).toEqual(["score", "state", "label", ...before.slice(3)]);
    const left = async () => (await head("score").boundingBox())?.x;
    const pinnedAt = await left();
    await page.getByRole("grid", { name: "Runs" }).evaluate((grid) => grid.scrollBy(200, 0));
    expect(await left()).toBe(pinnedAt);
    await page.getByRole("grid", { name: "Runs" }).evaluate((grid) => grid.scrollTo(0, 0));

    const width = async () => Math.round((await head("state").boundingBox())?.width ?? 0);
    const wide = await width();
    const box = (await head("state").boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    await page.mouse.move(box.x + box.width, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width + 50, box.y + 10, { steps: 4 });
    await page.mouse.up();
    await expect.poll(width).toBe(wide + 50);
    await head("state").getByRole("button").focus();
    await page.keyboard.press("-");
    await expect.poll(width).toBe(wide + 34);
    await head("label").getByRole("button").focus();
    await page.keyboard.press("Delete");
    await expect.poll(free).not.toContain("label");
    expect(await accessibilityProblems()).toEqual([]);

    await page.reload();
    await expect.poll(width).toBe(wide + 34);
    expect((await free()).slice(0, 2)).toEqual(["score", "state"]);
    await page.getByRole("button", { name: "Columns" }).click();
    await page.getByRole("button", { name: "Move state to the right" }).click();
    await expect.poll(async () => (await free()).indexOf("state")).toBe(2);
    await page.getByRole("button", { name: "Reset" }).click();
    await expect.poll(free).toEqual(before);
    await expect.poll(width).toBe(wide);
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasBrowser)(
  "a new data folder leads to the demo, which is watched as it happens [chromium]",
  async () => {
    const data = temporaryFolder();
    const { page, accessibilityProblems, problems } = await openApp(data);
    await page.getByRole("button", { name: "Start the digits demo" }).click();
    await page.getByRole("heading", { name: "4 models are running the gauntlet" }).waitFor();
    await page.getByRole("img", { name: "ddn: not begun" }).nth(3).waitFor();
    await page
      .getByRole("img", { name: /^train\/loss from/ })
      .first()
      .waitFor();
    const steps = page.getByRole("list", { name: "How far it is" });
    expect(await steps.getByRole("listitem").allInnerTexts()).toHaveLength(4);
    expect(await accessibilityProblems()).toEqual([]);
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await accessibilityProblems()).toEqual([]);

    // Jobs outlive the server: none may be left behind.
    expect(await runCli(["sweeps", "stop", "digits"], data)).toMatchObject({ status: 0 });
    await page.getByRole("heading", { name: "0 of 4 models came through" }).waitFor();
    await page.getByRole("button", { name: "Read the leaderboard" }).click();
    await page.getByRole("heading", { name: "Robustness" }).waitFor();
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasBrowser)(
  "groups over seeds show mean and deviation in full, in wide and in narrow columns [chromium]",
  async () => {
    const data = temporaryFolder();
    fillCatalog(data, 300);
    const { page, open, accessibilityProblems, problems } = await openApp(data);
    await open("/runs?seeds=true&sort=-accuracy");
    const cells = page.getByRole("gridcell").filter({ hasText: "±" });
    await cells.nth(20).waitFor();
    const cut = () =>
      cells.evaluateAll(
        (all) => all.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).length,
      );
    expect(await cut()).toBe(0);
    expect(await accessibilityProblems()).toEqual([]);
    // What no longer fits is the end: the first digits stay.
    await page.locator('[data-column="accuracy"] button').focus();
    for (let times = 0; times < 5; times++) await page.keyboard.press("-");
    await expect.poll(cut).toBeGreaterThan(0);
    const startsInside = await cells.evaluateAll((all) =>
      all.every((cell) => {
        const range = cell.ownerDocument.createRange();
        range.selectNodeContents(cell);
        return range.getBoundingClientRect().left >= cell.getBoundingClientRect().left;
      }),
    );
    expect(startsInside).toBe(true);
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasBrowser)(
  "all runs that match are selected by one key, also those that were never in view [chromium]",
  async () => {
    const data = temporaryFolder();
    fillCatalog(data, 1500);
    const { page, open, accessibilityProblems, problems } = await openApp(data);
    await open("/runs?query=seed+%3D+0");
    // Exactly: before the query counts there are 1,500 runs.
    await page.getByText("500 runs", { exact: true }).waitFor();
    await page.getByRole("grid", { name: "Runs" }).focus();
    await page.keyboard.press("x");
    await page.getByRole("button", { name: "Select all 500 that match" }).waitFor();
    expect(await accessibilityProblems()).toEqual([]);
    await page.keyboard.press("a");
    await page.getByText("500 selected").waitFor();
    expect(await page.getByRole("group", { name: "Select more" }).count()).toBe(0);
    // More than the core gives at once.
    await page.getByRole("combobox", { name: "Query" }).fill("");
    await page.getByRole("button", { name: "Select all 1,500 that match" }).click();
    await page.getByText("1500 selected").waitFor();
    await page.getByRole("grid", { name: "Runs" }).focus();
    await page.keyboard.press("End");
    await expect
      .poll(() => page.getByRole("row", { selected: true }).count(), { timeout: 20_000 })
      .toBeGreaterThan(5);
    expect(problems).toEqual([]);
  },
);
