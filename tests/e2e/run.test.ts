/** A run's page: its log as it grows, and charts that are zoomed, moved and drawn when in view. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRouterClient } from "@orpc/server";
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { createCore } from "../../core/core.ts";
import { hasProgram } from "../parts.ts";
import { openApp } from "../support/app.ts";
import { folderWith, untilDone } from "../support/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const hasBrowser = hasProgram("chromium");

/** The colour of an element's text, as the browser computes it. */
function colourOf(element: Locator): Promise<unknown> {
  return element.evaluate((found) => found.computedStyleMap().get("color")?.toString());
}

/** Loads the page anew and keeps what it sends from then on. */
async function sentBy(page: Page): Promise<string[]> {
  const sent: string[] = [];
  page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => sent.push(payload.toString())),
  );
  await page.reload();
  return sent;
}

test.skipIf(!hasBrowser)(
  "a log is told as it grows, in colour, and searched both ways [chromium]",
  async () => {
    const marks = temporaryFolder();
    const folder = folderWith({
      "gauntlet.yaml": "name: talk\ntrain: { command: [node, main.mjs] }\n",
      "main.mjs": `import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
console.log("step 1\\nstep 2 \\u001b[1;32mgood\\u001b[0m <img src=x>\\n" + "filler\\n".repeat(500));
while (!existsSync(${JSON.stringify(join(marks, "go"))})) await sleep(20);
console.log("step 3\\nValueError: the first one\\nValueError: another");`,
    });
    const { page, open, accessibilityProblems, problems } = await openApp(temporaryFolder());
    await open(`/launch?folder=${encodeURIComponent(folder)}`);
    await page.getByRole("button", { name: "Start run" }).click();
    await page.getByRole("tab", { name: "Log" }).click();
    const log = page.getByRole("log");
    await log.getByText("filler").first().waitFor();
    const sent = await sentBy(page);
    await log.getByText("filler").first().waitFor();
    const asked = () => sent.filter((frame) => /runs\/(log|followLog)/.test(frame));
    expect(asked()).toHaveLength(1);
    expect(await page.getByText("503 lines").count()).toBe(1);

    // Nobody asks again, and what is added comes.
    writeFileSync(join(marks, "go"), "");
    await log.getByText("ValueError: another").waitFor();
    await expect.poll(() => log.getAttribute("aria-busy")).toBe("false");
    expect(asked()).toHaveLength(1);
    expect(await accessibilityProblems()).toEqual([]);

    await log.focus();
    await page.keyboard.press("e");
    const found = log.locator("[data-found]");
    await expect.poll(() => found.textContent()).toContain("the first one");
    await page.keyboard.press("/");
    await page.keyboard.type("STEP");
    await page.keyboard.press("Enter");
    await expect.poll(() => found.textContent()).toContain("step 1");
    await page.keyboard.press("Enter");
    await expect.poll(() => found.textContent()).toBe("2step 2 good <img src=x>");
    const good = found.getByText("good", { exact: true });
    expect(await good.getAttribute("data-colour")).toBe("2");
    expect(await colourOf(good)).not.toBe(await colourOf(found));
    expect(await accessibilityProblems()).toEqual([]);
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.press("Shift+Enter");
    await expect.poll(() => found.textContent()).toContain("step 3");
    await page.getByRole("textbox", { name: "Find in the log" }).fill("nowhere");
    await page.keyboard.press("Enter");
    await page.getByText("No line has this.").waitFor();

    await page.emulateMedia({ colorScheme: "dark" });
    await page.getByRole("textbox", { name: "Find in the log" }).fill("good");
    await page.keyboard.press("Enter");
    await expect.poll(() => found.count()).toBe(1);
    expect(await accessibilityProblems()).toEqual([]);
    expect(await page.locator("img").count()).toBe(0);
    expect(problems).toEqual([]);
  },
);

/** The windows of charts that were asked for, and how many columns each was to have. */
function windowsIn(sent: readonly string[]) {
  return sent.flatMap((frame) => {
    if (!frame.includes("metrics/chart")) return [];
    const found = /"from":(null|[-\d.]+),"to":(null|[-\d.]+)\}.*"columns":(\d+)/.exec(frame);
    if (!found) throw new Error(`no window in ${frame}`);
    const [from, to, columns] = found.slice(1).map((text) => JSON.parse(text) as number | null);
    return [{ from, to, columns }];
  });
}

test.skipIf(!hasBrowser)(
  "charts are drawn when they come into view, zoomed and moved by keys and wheel [chromium]",
  async () => {
    const metrics = 60;
    const folder = folderWith({
      "gauntlet.yaml": "name: many\ntrain: { command: [node, main.mjs] }\n",
      "main.mjs": `import { writeFileSync } from "node:fs";
const names = Array.from({ length: ${metrics} }, (_, index) => "m" + String(index).padStart(2, "0"));
const lines = Array.from({ length: 401 }, (_, step) =>
  JSON.stringify({ step, ...Object.fromEntries(names.map((name, at) => [name, Math.sin(step / (at + 9))])) }));
writeFileSync(process.env.GAUNTLET_RUN_DIR + "/out/metrics.jsonl", lines.join("\\n") + "\\n");`,
    });
    const data = temporaryFolder();
    const core = await createCore({ data });
    const client = createRouterClient(core.router);
    const { run } = await client.runs.submit({ folder });
    await untilDone(client, [run]);
    await core.close();

    const { page, open, accessibilityProblems, problems } = await openApp(data);
    await open(`/runs/${run}`);
    const first = page.getByRole("img", { name: /^Chart of m00/ });
    await first.waitFor();
    const sent = await sentBy(page);
    await first.locator("canvas").waitFor();
    expect(await page.getByRole("img", { name: /^Chart of m/ }).count()).toBe(metrics);
    const drawn = await page.locator("canvas").count();
    expect(drawn).toBeLessThan(metrics / 2);
    await expect.poll(() => windowsIn(sent).length).toBe(drawn);
    expect(await accessibilityProblems()).toEqual([]);

    const { width } = (await first.boundingBox()) ?? { width: 0 };
    for (const { from, to, columns } of windowsIn(sent)) {
      expect([from, to]).toEqual([null, null]);
      expect(columns).toBeGreaterThan(100);
      expect(columns).toBeLessThanOrEqual(width);
    }
    /** Waits until every drawn chart has asked for a window, and half of one on either side. */
    const asked = async (from: number, to: number) => {
      const half = (to - from) / 2;
      const isIt = (window: { from?: number | null; to?: number | null }) =>
        window.from === from - half && window.to === to + half;
      await expect
        .poll(
          async () => windowsIn(sent).filter(isIt).length - (await page.locator("canvas").count()),
        )
        .toBe(0);
      sent.length = 0;
    };
    sent.length = 0;
    await first.focus();
    await page.keyboard.press("+");
    await asked(100, 300);
    await page.getByRole("button", { name: "Whole range" }).waitFor();
    await page.keyboard.press("ArrowRight");
    await asked(150, 350);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await asked(200, 400); // the end: further than that there is nothing
    await page.keyboard.press("-");
    await expect.poll(() => page.getByRole("button", { name: "Whole range" }).count()).toBe(0);
    expect(windowsIn(sent)).toEqual([]); // all there is was known

    await page.keyboard.press("+");
    await page.getByRole("button", { name: "Whole range" }).waitFor();
    expect(windowsIn(sent)).toEqual([]); // so was this
    // A chart that comes into view first gets to know all there is, then shows the window too.
    await page.getByRole("img", { name: /^Chart of m59/ }).scrollIntoViewIfNeeded();
    await page
      .getByRole("img", { name: /^Chart of m59/ })
      .locator("canvas")
      .waitFor();
    // How many do depends on which came into view on the way.
    const told = () => windowsIn(sent).map(({ from, to }) => `${from} ${to}`);
    await expect.poll(told).toEqual(expect.arrayContaining(["null null", "0 400"]));
    await expect.poll(() => first.locator("canvas").count()).toBe(0);
    await page.getByRole("img", { name: /^Chart of m59/ }).hover();
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, 200);
    await page.keyboard.up("Control");
    await expect
      .poll(() => windowsIn(sent).at(-1) ?? { from: 0, to: 400 })
      .not.toMatchObject({ from: 0, to: 400 });
    await page.getByRole("img", { name: /^Chart of m59/ }).focus();
    await page.keyboard.press("0");
    await expect.poll(() => page.getByRole("button", { name: "Whole range" }).count()).toBe(0);
    expect(problems).toEqual([]);
  },
);
