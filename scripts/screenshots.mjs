/**
 * Takes a picture of every page in both themes.
 *
 *   node scripts/screenshots.mjs LINK FOLDER [WIDTH HEIGHT]
 *
 * LINK is what `gauntlet serve` printed; the browser is TESTWORLD_CHROMIUM or the system's.
 */
import { mkdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { chromium } from "playwright-core";

const [link, folder, width = "1280", height = "800"] = process.argv.slice(2);
if (link === undefined || folder === undefined) {
  console.error("node scripts/screenshots.mjs LINK FOLDER [WIDTH HEIGHT]");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.TESTWORLD_CHROMIUM ?? "chromium",
  args: ["--no-sandbox"],
});
try {
  const context = await browser.newContext({
    viewport: { width: Number(width), height: Number(height) },
  });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") console.log(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => console.log(`page error: ${error.stack}`));
  await page.goto(link);
  await page.getByRole("grid", { name: "Runs" }).waitFor();
  // The id of the newest run, behind the link that a row is.
  await page.getByRole("grid").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("tab", { name: "Overview" }).waitFor();
  const run = page.url();
  const pages = [
    ["runs", new URL("/#/runs", run).href],
    ["runs-seeds", new URL("/#/runs?seeds=true", run).href],
    ["run", run],
    ["run-log", `${run}?tab=log`],
    ["run-files", `${run}?tab=files`],
    ["run-attempts", `${run}?tab=attempts`],
    ...[
      "robustness",
      "sweeps",
      "launch",
      "models",
      "attacks",
      "datasets",
      "compute",
      "settings",
    ].map((name) => [name, new URL(`/#/${name}`, run).href]),
  ];
  for (const theme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: theme });
    for (const [name, address] of pages) {
      await page.goto(address);
      await page.waitForTimeout(700);
      await page.screenshot({ path: path.join(folder, `${name}-${theme}.png`) });
    }
  }
} finally {
  await browser.close();
}
