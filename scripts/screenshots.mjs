/**
 * Takes the pictures of docs/screens: every page over the results of the demo, and the first page of
 * an empty data folder.
 *
 *   npm run screenshots
 *   npm run screenshots -- --data FOLDER --out FOLDER --size 1920x1080
 *
 * Without --data the demo is run first, in a folder of its own. The browser is TESTWORLD_CHROMIUM or
 * the system's.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("..", import.meta.url));
const program = path.join(root, "cli", "gauntlet.mjs");
const { values: options } = parseArgs({
  options: {
    data: { type: "string" },
    out: { type: "string", default: path.join(root, "docs", "screens") },
    size: { type: "string", default: "1280x800" },
  },
});
const [width, height] = options.size.split("x").map(Number);
const temporary = mkdtempSync(path.join(tmpdir(), "gauntlet-screens-"));
const empty = path.join(temporary, "empty");
const data = options.data ?? path.join(temporary, "data");
/** Pages that are pictured in the dark too. */
const dark = new Set(["runs", "run", "robustness", "compare-curves", "first-run"]);

function gauntlet(...args) {
  const { status, stdout } = spawnSync(process.execPath, [program, ...args, "--data", data], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`gauntlet ${args.join(" ")} ended with ${status}`);
  return stdout;
}

/** Serves a data folder; resolves to the process and its link. */
function serve(folder) {
  const child = spawn(process.execPath, [program, "serve", "--json", "--data", folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    let said = "";
    child.once("exit", (code) => reject(new Error(`serve ended with ${code}`)));
    child.stdout.on("data", (chunk) => {
      said += String(chunk);
      const link = /"link": "([^"]+)"/.exec(said)?.[1];
      if (link) resolve({ child, link });
    });
  });
}

/** Addresses of all pages, with what makes each worth a look. */
function pagesOf() {
  const { runs } = JSON.parse(gauntlet("runs", "list", "--json"));
  const ids = runs.map(({ id }) => id).toReversed();
  const models = JSON.parse(gauntlet("models", "list", "--json"));
  const { sweeps } = JSON.parse(gauntlet("sweeps", "list", "--json"));
  const [run] = ids;
  const compared = `compare?runs=${encodeURIComponent(JSON.stringify(ids))}`;
  return [
    ["runs", "runs"],
    ["runs-query", "runs?query=score+%3E+1&sort=-score"],
    ["run", `runs/${run}`],
    ["run-log", `runs/${run}?tab=log`],
    ["run-resources", `runs/${run}?tab=resources`],
    ["run-files", `runs/${run}?tab=files`],
    ["run-attempts", `runs/${run}?tab=attempts`],
    ["compare-curves", compared],
    ["compare-values", `${compared}&tab=values`],
    ["compare-scatter", `${compared}&tab=scatter`],
    ["compare-parallel", `${compared}&tab=parallel`],
    ["sweeps", "sweeps"],
    ["sweep", `sweeps/${sweeps[0].id}`],
    [
      "launch",
      `launch?folder=${encodeURIComponent(JSON.stringify(path.join(root, "resources", "kits", "digits")))}`,
    ],
    ["models", "models"],
    ["model", `models/${models[0].id}`],
    ["robustness", "robustness"],
    ["robustness-by-attack", `robustness?epsilons=[0.5,1]&model=${models[0].id}`],
    ["attacks", "attacks"],
    ["datasets", "datasets"],
    ["compute", "compute"],
    ["settings", "settings"],
  ];
}

/** Pictures of some pages of a served folder, light and, where it is wanted, dark. */
async function take(browser, folder, pages) {
  const { child, link } = await serve(folder);
  try {
    const context = await browser.newContext({
      viewport: { width, height },
      reducedMotion: "reduce",
    });
    const page = await context.newPage();
    page.on("pageerror", (error) => console.error(`page error: ${error.stack}`));
    page.on("console", (message) => {
      if (message.type() === "error") console.error(`console: ${message.text()}`);
    });
    await page.goto(link);
    await page.getByRole("navigation", { name: "Pages" }).waitFor();
    const { origin } = new URL(page.url());
    for (const theme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: theme });
      for (const [name, address] of pages) {
        if (theme === "dark" && !dark.has(name)) continue;
        await page.goto(`${origin}/#/${address}`);
        await page.waitForTimeout(1200);
        await page.screenshot({ path: path.join(options.out, `${name}-${theme}.png`) });
      }
    }
    await context.close();
  } finally {
    child.removeAllListeners("exit");
    child.kill();
  }
}

mkdirSync(options.out, { recursive: true });
try {
  if (options.data === undefined) gauntlet("demo", "--json");
  const pages = pagesOf();
  const browser = await chromium.launch({
    executablePath: process.env.TESTWORLD_CHROMIUM ?? "chromium",
    args: ["--no-sandbox"],
  });
  try {
    await take(browser, empty, [["first-run", "runs"]]);
    await take(browser, data, pages);
  } finally {
    await browser.close();
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
