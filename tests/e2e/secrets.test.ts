/** Secrets on the settings page. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hasProgram } from "../parts.ts";
import { hasShell, openApp, shell } from "../support/app.ts";
import { openDesktop } from "../support/desktop.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const value = "Tq7-secret/Value+0123456789";

test.skipIf(!hasShell)(
  `a secret is set and removed, and its value is nowhere to be seen [${shell}]`,
  async () => {
    const data = temporaryFolder();
    const { page, open, accessibilityProblems, problems } = await openApp(data);
    await open("/settings");
    const field = page.getByLabel("Value of the secret");
    expect(await field.getAttribute("type")).toBe("password");
    await page.getByLabel("Name of the secret").fill("TOKEN");
    await field.fill(value);
    await page.getByRole("button", { name: "Set secret" }).click();
    await page.getByRole("table", { name: "Secrets" }).getByText("TOKEN").waitFor();
    await expect.poll(() => field.inputValue()).toBe("");
    expect(await page.content()).not.toContain(value);
    expect(await accessibilityProblems()).toEqual([]);
    expect(readFileSync(join(data, "secrets.json"), "utf8")).toContain("TOKEN");
    await page.getByRole("button", { name: "Remove the secret TOKEN" }).click();
    await expect.poll(() => page.getByRole("table", { name: "Secrets" }).count()).toBe(0);
    expect(readFileSync(join(data, "secrets.json"), "utf8")).not.toContain("TOKEN");
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasProgram("electron"))(
  "the window keeps a secret; sealed wherever the system has a keychain [electron]",
  async () => {
    const data = temporaryFolder();
    const { app, page, problems } = await openDesktop(data);
    await page.evaluate("void (location.hash = '#/settings')");
    await page.getByLabel("Name of the secret").fill("TOKEN");
    await page.getByLabel("Value of the secret").fill(value);
    await page.getByRole("button", { name: "Set secret" }).click();
    await page.getByRole("table", { name: "Secrets" }).getByText("TOKEN").waitFor();
    const isGuarded = await app.evaluate(
      ({ safeStorage }) =>
        safeStorage.isEncryptionAvailable() &&
        (process.platform !== "linux" || safeStorage.getSelectedStorageBackend() !== "basic_text"),
    );
    const file = join(data, "secrets.json");
    const kept = readFileSync(file, "utf8");
    expect(kept.includes(value)).toBe(!isGuarded);
    expect(kept.includes('"sealed"')).toBe(isGuarded);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(problems).toEqual([]);
  },
);
