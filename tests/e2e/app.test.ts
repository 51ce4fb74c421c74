import { createRouterClient } from "@orpc/server";
import { expect, test } from "vitest";
import { createCore } from "../../core/core.ts";
import { hasShell, openApp, shell } from "../support/app.ts";
import { folderWith, untilDone } from "../support/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** What a hostile program could report: markup, a right-to-left mark, a terminal's escape. */
const hostile = `<img src=x onerror="document.title='owned'">\u202e\u001b[31m`;

/** A data folder with three runs of an experiment that reports hostile text. */
async function folderWithRuns(): Promise<{ data: string; runs: string[] }> {
  const folder = folderWith({
    "gauntlet.yaml": `name: toy
parameters:
  lr: { type: float, default: 0.1 }
train: { command: [node, main.mjs, "{lr}"] }
`,
    "main.mjs": `import { writeFileSync } from "node:fs";
const lines = Array.from({ length: 400 }, (_, step) =>
  JSON.stringify({ step, loss: Number(process.argv[2]) / (step + 1), "<b>odd</b>": step }));
const out = process.env.GAUNTLET_RUN_DIR + "/out/";
const hostile = ${JSON.stringify(hostile)};
writeFileSync(out + "metrics.jsonl", lines.join("\\n") + "\\n");
writeFileSync(out + "summary.json", JSON.stringify({ accuracy: 0.9, note: hostile }));
writeFileSync(out + "<i>file.txt", "");
console.log(hostile);
console.log("Error: this is the first one");`,
  });
  const data = temporaryFolder();
  const core = await createCore({ data });
  const client = createRouterClient(core.router);
  const runs: string[] = [];
  for (const [seed, lr] of [0.1, 0.2, 0.3].entries())
    runs.push((await client.runs.submit({ folder, seed, parameters: { lr } })).run);
  await untilDone(client, runs);
  await core.close();
  return { data, runs };
}

test.skipIf(!hasShell)(
  `runs are listed, queried and opened without the mouse [${shell}]`,
  async () => {
    const { data } = await folderWithRuns();
    const { page, accessibilityProblems, problems } = await openApp(data);
    const rows = page.getByRole("grid", { name: "Runs" }).getByRole("row");
    await expect.poll(() => rows.count()).toBe(4);
    expect(page.url()).not.toContain("token");
    expect(await accessibilityProblems()).toEqual([]);

    await page.keyboard.press("/");
    await page.keyboard.type("lr > 0.15 and sta");
    const options = page.getByRole("listbox", { name: "Completions" }).getByRole("option");
    await expect.poll(() => options.first().textContent()).toContain("state");
    expect(await accessibilityProblems()).toEqual([]);
    await page.keyboard.press("Tab");
    await page.keyboard.type("= succeeded");
    await page.keyboard.press("Enter");
    await expect.poll(() => rows.count()).toBe(3);
    await expect
      .poll(() => decodeURIComponent(page.url()))
      .toContain("lr > 0.15 and state = succeeded".replaceAll(" ", "+"));

    const query = page.getByRole("combobox", { name: "Query" });
    await query.fill("lerning > 1");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#query-problem").textContent()).toContain("lerning");
    expect(await accessibilityProblems()).toEqual([]);
    await query.fill("");
    await expect.poll(() => rows.count()).toBe(4);

    await page.getByRole("button", { name: "Columns" }).click();
    await page.getByRole("checkbox", { name: "lr" }).check();
    await page.keyboard.press("Escape");
    await page.getByRole("columnheader", { name: "lr" }).getByRole("button").click();
    await expect.poll(() => rows.nth(1).textContent()).toContain("0.1");
    await page.getByRole("columnheader", { name: "lr" }).getByRole("button").click();
    await expect.poll(() => rows.nth(1).textContent()).toContain("0.3");

    await page.getByRole("grid", { name: "Runs" }).focus();
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await expect.poll(() => page.getByText("1 selected").count()).toBe(1);
    expect(await accessibilityProblems()).toEqual([]);
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByText("1 selected").count()).toBe(0);
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "Overview" }).waitFor();
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasShell)(
  `a run shows charts, log, files, attempts; hostile text is text [${shell}]`,
  async () => {
    const { data, runs } = await folderWithRuns();
    const { page, open, accessibilityProblems, problems } = await openApp(data);
    await open(`/runs/${runs[0]}`);
    await page.getByRole("img", { name: /Chart of loss/ }).waitFor();
    await expect.poll(() => page.locator("canvas").count()).toBe(2);
    await expect.poll(() => page.getByText("<b>odd</b>").count()).toBeGreaterThan(0);
    await expect.poll(() => page.getByText(/<img src=x/).count()).toBeGreaterThan(0);
    expect(await accessibilityProblems()).toEqual([]);

    await page.getByRole("tab", { name: "Log" }).click();
    await page.getByRole("log").getByText("first one").waitFor();
    const log = await page.getByRole("log").textContent();
    expect(log).toContain("<img src=x");
    expect(log).toContain("\\u{202e}");
    expect(await accessibilityProblems()).toEqual([]);
    await page.getByRole("tab", { name: "Files" }).click();
    await page.getByText("<i>file.txt").waitFor();
    await page.getByText("summary.json").first().click();
    await page.getByText('"accuracy": 0.9').waitFor();
    expect(await accessibilityProblems()).toEqual([]);
    await page.getByRole("tab", { name: "Resources" }).click();
    await page
      .getByText(/Nothing was measured yet|train, attempt 1/)
      .first()
      .waitFor();
    expect(await accessibilityProblems()).toEqual([]);
    await page.getByRole("tab", { name: "Attempts" }).click();
    await page.getByText("node main.mjs 0.1").waitFor();
    expect(await accessibilityProblems()).toEqual([]);
    await page.getByRole("tab", { name: "Overview" }).click();
    await page.getByRole("textbox", { name: "Notes" }).fill("<b>diverges</b>");
    await page.getByRole("button", { name: "Save note" }).click();
    await page.getByText(/^Noted on/).waitFor();
    await page.getByRole("button", { name: "Edit and launch…" }).click();
    await expect.poll(() => page.getByLabel("lr").inputValue()).toBe("0.1");
    expect(await page.title()).not.toContain("owned");
    expect(await page.locator("img").count()).toBe(0);
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasShell)(`the theme follows the system until it is chosen [${shell}]`, async () => {
  const { page, open, accessibilityProblems, problems } = await openApp(temporaryFolder());
  const theme = () => page.locator("html").getAttribute("data-theme");
  await page.getByText("Your runs will be here").waitFor();
  expect(await theme()).toBe("light");
  expect(await accessibilityProblems()).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(theme).toBe("dark");
  expect(await accessibilityProblems()).toEqual([]);
  await open("/robustness");
  await page.getByText("Models will be ranked here").waitFor();
  expect(await accessibilityProblems()).toEqual([]);
  await page.getByRole("button", { name: "Light theme" }).click();
  await expect.poll(theme).toBe("light");
  await page.reload();
  await page.getByText("Models will be ranked here").waitFor();
  expect(await theme()).toBe("light");
  expect(problems).toEqual([]);
});

test.skipIf(!hasShell)(
  `the palette finds a run by name, the sheet shows the keys [${shell}]`,
  async () => {
    const { data } = await folderWithRuns();
    const { page, accessibilityProblems, problems } = await openApp(data);
    const name = await page.getByRole("row").nth(1).getByRole("gridcell").nth(1).innerText();
    const wanted = name.split("\n")[0] ?? "";
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Find a page or a run" }).fill(wanted);
    await page.getByRole("option", { name: wanted }).waitFor();
    expect(await accessibilityProblems()).toEqual([]);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: wanted }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    expect(await accessibilityProblems()).toEqual([]);
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    await page.keyboard.press("g");
    await page.keyboard.press("b");
    await page.getByText("Models will be ranked here").waitFor();
    expect(problems).toEqual([]);
  },
);

test.skipIf(shell !== "chromium" || !hasShell)(
  `a browser without a session is told how to get one [${shell}]`,
  async () => {
    const { page, accessibilityProblems } = await openApp(temporaryFolder());
    const browser = page.context().browser();
    if (!browser) throw new Error("the page is of no browser");
    const stranger = await browser.newPage();
    await stranger.goto(page.url());
    await stranger.getByText("This browser has not opened a link yet").waitFor();
    expect(await stranger.getByRole("navigation").count()).toBe(0);
    expect(await accessibilityProblems()).toEqual([]);
  },
);
