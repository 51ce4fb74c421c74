/** GPUs on the Compute page, and what a run's GPU did over time. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { hasProgram } from "../parts.ts";
import { openApp } from "../support/app.ts";
import { folderWith } from "../support/core.ts";
import { pretendGpus, useNvidiaSmi } from "../support/gpus.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test.skipIf(!hasProgram("chromium"))(
  "each GPU's temperature, power and other programs, and why a job waits [chromium]",
  async () => {
    const processes = pretendGpus();
    const other = spawn("sleep", ["300"], { stdio: "ignore" });
    onTestFinished(() => void other.kill());
    writeFileSync(processes, `GPU-a, ${other.pid}, /usr/bin/sleep, 800\n`);
    const folder = folderWith({
      "gauntlet.yaml": "name: gpu\ntrain: { command: [node, main.mjs], resources: { gpus: 2 } }\n",
      "main.mjs": "setTimeout(() => {}, 2500);",
    });
    const { page, open, accessibilityProblems, problems } = await openApp(temporaryFolder());
    await open(`/launch?folder=${encodeURIComponent(folder)}`);
    await page.getByRole("button", { name: "Start run" }).click();
    await page.getByRole("tab", { name: "Log" }).waitFor();
    const address = new URL(page.url()).hash.slice(1);

    await open("/compute");
    const gpus = page.getByRole("table", { name: "GPUs" });
    const row = gpus.getByRole("row").nth(1);
    await row.getByText(`sleep (pid ${other.pid}), 838.9 MB`).waitFor();
    expect(await row.innerText()).toMatch(
      /NVIDIA L4\s+88\.0 %\s+851\.4 MB of 24\.2 GB\s+61 °C\s+7\d W\s+no job/,
    );
    await page.getByText("2 GPUs, driver 550.54, CUDA 12.4").waitFor();
    await page
      .getByText(`in use by other programs are GPU 0 by sleep (pid ${other.pid})`)
      .waitFor();
    expect(await accessibilityProblems()).toEqual([]);

    writeFileSync(processes, "");
    await open(`${address.replace(/\?.*$/, "")}?tab=resources`);
    await page
      .getByRole("img", { name: /GPU 0 temperature of train, attempt 1, at most 61 °C/ })
      .waitFor();
    await page
      .getByRole("img", { name: /GPU 1 power of train, attempt 1, at most 12 W/ })
      .waitFor();
    expect(await accessibilityProblems()).toEqual([]);
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasProgram("chromium"))(
  "who shares a GPU, on the Launch page and on the Compute page [chromium]",
  async () => {
    pretendGpus();
    const folder = folderWith({
      "gauntlet.yaml":
        "name: half\ntrain: { command: [node, main.mjs], resources: { gpus: 1, gpu_share: 0.25 } }\n",
      "main.mjs": "setTimeout(() => {}, 8000);",
    });
    const { page, open, accessibilityProblems, problems } = await openApp(temporaryFolder());
    await open(`/launch?folder=${encodeURIComponent(folder)}`);
    const where = page.getByRole("region", { name: "Where it runs" });
    await where.getByText("Train takes 25 % of a GPU").waitFor();
    await page.getByRole("button", { name: "Start run" }).click();
    await page.getByRole("tab", { name: "Log" }).waitFor();

    await open("/compute");
    const gpus = page.getByRole("table", { name: "GPUs" }).getByRole("row");
    await gpus.nth(1).getByText("25 %").waitFor();
    expect(await gpus.nth(2).innerText()).toMatch(/free/);
    await page.getByRole("table", { name: "Jobs" }).getByText("1 CPU, 0.25 GPU").waitFor();
    expect(await accessibilityProblems()).toEqual([]);
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasProgram("chromium"))(
  "a machine without GPUs says what follows [chromium]",
  async () => {
    useNvidiaSmi("/dev/null/no-such-program");
    const { page, open } = await openApp(temporaryFolder());
    await open("/compute");
    const note = page.getByText(/^No NVIDIA GPU answers/);
    await note.waitFor();
    expect(await note.innerText()).toContain("Jobs that ask for a GPU cannot run here");
  },
);
