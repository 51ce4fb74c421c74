/** The limit of packed datasets on the settings page, and what has made room on the Datasets page. */
import { expect, test } from "vitest";
import { createRouterClient } from "@orpc/server";
import { createCore } from "../../core/core.ts";
import { hasShell, openApp, shell } from "../support/app.ts";
import { runCli } from "../support/cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { makeToy } from "../support/toy-dataset.ts";

test.skipIf(!hasShell)(
  `the limit of packed datasets is set, refused where it is none, and makes room [${shell}]`,
  { timeout: 120_000 },
  async () => {
    const data = temporaryFolder();
    const core = await createCore({ data });
    await createRouterClient(core.router).datasets.add({ folder: makeToy(40).dataset });
    await core.close();
    const { page, open, accessibilityProblems, problems } = await openApp(data);
    await open("/settings");
    const form = page.getByRole("form", { name: "Limit of packed datasets" });
    const size = form.getByRole("textbox", { name: "Size" });
    await size.fill("10 elephants");
    expect(await form.getByRole("button").isDisabled()).toBe(true);
    await size.fill("1B");
    await form.getByRole("button", { name: "Set limit" }).click();
    await page.getByText("They take 0 B.").waitFor();
    expect(await size.inputValue()).toBe("1B");
    expect(await accessibilityProblems()).toEqual([]);
    await open("/datasets");
    const row = page.getByRole("row").filter({ hasText: "toy" });
    await row.getByText("made room").waitFor();
    await page.getByText("They are packed again when a job needs them").waitFor();
    expect(await accessibilityProblems()).toEqual([]);
    await open("/settings");
    await size.fill("");
    await form.getByRole("button", { name: "Set limit" }).click();
    await expect.poll(() => size.inputValue()).toBe("");
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasShell)(
  `what is added and dropped from elsewhere is shown as it happens [${shell}]`,
  { timeout: 120_000 },
  async () => {
    const data = temporaryFolder();
    const { page, open, problems } = await openApp(data);
    await open("/datasets");
    await page.getByText("Datasets will be listed here").waitFor();
    const other = async (...args: string[]) => {
      expect(await runCli(["datasets", ...args], data)).toMatchObject({ status: 0 });
    };
    await other("add", makeToy(40).dataset);
    const row = page.getByRole("row").filter({ hasText: "toy" });
    await row.waitFor();
    await other("limit", "1B");
    await row.getByText("made room").waitFor();
    await open("/settings");
    await page.getByText("They take 0 B.").waitFor();
    await other("limit", "none");
    await other("add", makeToy(40).dataset);
    await page.getByText(/They take [1-9]/).waitFor();
    expect(problems).toEqual([]);
  },
);
