/**
 * The app as a user starts it on a data folder: `gauntlet serve` in a real browser, or the desktop
 * window where TEST_SHELL says `electron`. tests/e2e/window runs the same tests there.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { hasProgram, part } from "../parts.ts";
import { startCli } from "./cli.ts";
import { openDesktop } from "./desktop.ts";

const axeFile = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What the pages are shown in; tests that drive them bear its name. */
export const shell = process.env["TEST_SHELL"] === "electron" ? "electron" : "chromium";
export const hasShell = hasProgram(shell);

const size = { width: 1280, height: 800 };
// Nothing that moves is half there when it is looked at.
const media = { colorScheme: "light", reducedMotion: "reduce" } as const;

export type App = {
  page: Page;
  /** Opens an address within the app, such as `/runs`. */
  open(path: string): Promise<void>;
  /** Breaks of WCAG 2.2 A and AA on the page as it is. */
  accessibilityProblems(): Promise<string[]>;
  /** What failed on the page so far, each breach of the content-security policy among it. */
  problems: readonly string[];
};

/** Opens the app over a data folder; all of it ends with the test. */
export async function openApp(data: string): Promise<App> {
  const { page, problems } = shell === "electron" ? await inWindow(data) : await inBrowser(data);
  return {
    page,
    problems,
    async open(path) {
      await page.goto(new URL(`/#${path}`, page.url()).href);
    },
    accessibilityProblems: () => scan(page),
  };
}

async function inWindow(data: string): Promise<Pick<App, "page" | "problems">> {
  const { app, page, problems } = await openDesktop(data);
  await page.emulateMedia(media);
  await app.evaluate(({ BrowserWindow }, { width, height }) => {
    BrowserWindow.getAllWindows()[0]?.setContentSize(width, height);
  }, size);
  return { page, problems };
}

async function inBrowser(data: string): Promise<Pick<App, "page" | "problems">> {
  const link = await serve(data);
  const browser = await chromium.launch({
    executablePath: part("chromium").at,
    args: ["--no-sandbox"], // in a container the browser's own cannot be set up
  });
  onTestFinished(() => browser.close());
  const page = await browser.newPage({ viewport: size, ...media });
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  await page.goto(link);
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
  return { page, problems };
}

/** Starts `gauntlet serve` and gives its link. */
async function serve(data: string): Promise<string> {
  const child = startCli(["serve", "--json"], data);
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  });
  return new Promise((resolve, reject) => {
    let said = "";
    let told = "";
    child.once("exit", (code) => reject(new Error(`serve ended with ${code}: ${told}`)));
    child.stderr.on("data", (chunk: Buffer) => (told += chunk.toString("utf8")));
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
      const link = /"link": "([^"]+)"/.exec(said)?.[1];
      if (link) resolve(link);
    });
  });
}

type Violation = { id: string; nodes: { html: string; failureSummary: string }[] };
type Scanner = { run(options: object): Promise<{ violations: Violation[]; passes: unknown[] }> };

async function scan(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(axeFile, "utf8"));
  const { looked, violations } = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: Scanner };
    const found = await axe.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    } as object);
    return { looked: found.passes.length, violations: found.violations };
  });
  // A scan of an empty page finds nothing either.
  expect(looked).toBeGreaterThan(8);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
