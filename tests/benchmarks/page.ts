/**
 * The runs page in a real browser on a catalog with 100,000 runs: from opening the link to rows on
 * the screen, from a key in the query to the answer on the screen, from a jump to the end of the
 * table to its rows, and the script that the page needs. The browser is TESTWORLD_CHROMIUM's.
 *
 *     node tests/benchmarks/page.ts [--json] [--runs N] [--keep FOLDER]
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium, type Page } from "playwright-core";
import { quantile, report } from "../support/benchmark.ts";
import { fillCatalog } from "../support/many-runs.ts";
import { serveFolder } from "../support/serve-folder.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean" },
    runs: { type: "string", default: "100000" },
    keep: { type: "string" },
  },
});
const rounds = 5;

const folder = options.keep ?? mkdtempSync(join(tmpdir(), "gauntlet-page-"));
mkdirSync(folder, { recursive: true });
if (!existsSync(join(folder, "catalog.sqlite"))) fillCatalog(folder, Number(options.runs));

/** Runs in the page: notes when a key goes down and when what is shown is another. */
const watchRows = `
  const rows = () => ["main [role=status]", "[role=grid]"]
    .map((part) => document.querySelector(part)?.textContent).join();
  const before = rows();
  const change = { began: 0, took: null };
  globalThis.change = change;
  document.addEventListener("keydown", () => (change.began ||= performance.now()), true);
  const look = () => {
    if (change.began > 0 && rows() !== before) change.took = performance.now() - change.began;
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
`;

/** Runs in the page from its start: notes when ten rows are on the screen, ms since the navigation. */
const watchOpening = `
  const look = () => {
    if (document.querySelectorAll("[role=gridcell]").length < 10 * 5) requestAnimationFrame(look);
    else requestAnimationFrame(() => (globalThis.opened = performance.now()));
  };
  requestAnimationFrame(look);
`;

/** Milliseconds in the page from the key of `act` until other rows, or another count, are shown. */
async function untilRowsChange(page: Page, act: () => Promise<void>): Promise<number> {
  await page.evaluate(watchRows);
  await act();
  const handle = await page.waitForFunction(
    () => (globalThis as unknown as { change: { took: number | null } }).change.took,
  );
  return Number(await handle.jsonValue());
}

const starts: number[] = [];
const opens: number[] = [];
const keys: number[] = [];
const ends: number[] = [];
const browser = await chromium.launch({
  executablePath: process.env["TESTWORLD_CHROMIUM"] ?? "chromium",
  args: ["--no-sandbox"],
});
try {
  for (let round = 0; round < rounds; round++) {
    const { link, start, stop } = await serveFolder(folder);
    starts.push(start);
    // A new context has an empty cache.
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    await page.addInitScript(watchOpening);
    await page.goto(link, { waitUntil: "commit" });
    const opened = await page.waitForFunction(
      () => (globalThis as unknown as { opened?: number }).opened,
    );
    opens.push(Number(await opened.jsonValue()));
    await page.getByRole("combobox", { name: "Query" }).focus();
    await page.keyboard.press("k"); // is in every run
    await page.waitForTimeout(500);
    // Each key makes another query, with another answer.
    for (const key of "estr")
      keys.push(await untilRowsChange(page, () => page.keyboard.press(key)));
    await page.getByRole("combobox", { name: "Query" }).fill("");
    await page.waitForTimeout(500);
    await page.getByRole("grid", { name: "Runs" }).focus();
    ends.push(await untilRowsChange(page, () => page.keyboard.press("End")));
    await context.close();
    await stop();
  }
} finally {
  await browser.close();
}
if (options.keep === undefined) rmSync(folder, { recursive: true, force: true });

report("page", [
  { key: "serve_start", value: quantile(starts, 0.5), unit: "ms" },
  { key: "page_open", value: quantile(opens, 0.5), unit: "ms", reach: "<= 1000, with the start" },
  { key: "key_median", value: quantile(keys, 0.5), unit: "ms", reach: "<= 50" },
  { key: "key_p95", value: quantile(keys, 0.95), unit: "ms" },
  { key: "jump_to_end", value: quantile(ends, 0.5), unit: "ms" },
]);
