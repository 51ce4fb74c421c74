/** What the pages show of Docker: where runs go, what is missing, what holds them up, what they ran in. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { openApp, hasShell, shell } from "../support/app.ts";
import { folderWith } from "../support/core.ts";
import { socketPath, startFakeDocker } from "../support/fake-docker.ts";
import { useNvidiaSmi } from "../support/gpus.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** The app with Docker at a socket that nobody listens on yet. */
async function openWithDocker() {
  const socket = socketPath();
  vi.stubEnv("DOCKER_HOST", `unix://${socket}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  useNvidiaSmi("/dev/null/no-such-program");
  return { socket, ...(await openApp(temporaryFolder())) };
}

const digest = `lab/vq@sha256:${"d1".repeat(32)}`;

test.skipIf(!hasShell)(
  `a run in Docker, from an engine that is away to the digest of its image [${shell}]`,
  { timeout: 120_000 },
  async () => {
    const { socket, page, open, accessibilityProblems, problems } = await openWithDocker();
    const folder = folderWith({
      "gauntlet.yaml":
        "name: vq\nimage: lab/vq:3\ndataset: imagenet\ntrain: { command: [python, train.py], resources: { gpus: 1 } }\n",
    });
    const launch = `/launch?folder=${encodeURIComponent(folder)}`;
    await open(launch);
    const where = page.getByRole("region", { name: "Where it runs" });
    await where.getByText("in Docker, image lab/vq:3, network on").waitFor();
    const missing = where.getByRole("listitem");
    await expect
      .poll(() => missing.allInnerTexts())
      .toEqual([
        expect.stringMatching(
          /waits[^]*Docker does not answer\.[^]*Start Docker[^]*DOCKER_UNREACHABLE/,
        ),
        expect.stringMatching(/missing[^]*Train asks for a GPU; this machine has none/),
        expect.stringMatching(/missing[^]*There is no dataset named imagenet/),
      ]);
    expect(await accessibilityProblems()).toEqual([]);

    const runnable = folderWith({
      "gauntlet.yaml": "name: vq\nimage: lab/vq:3\nnetwork: false\ntrain: { command: [x] }\n",
    });
    await open(`/launch?folder=${encodeURIComponent(runnable)}`);
    await where.getByText("network off").waitFor();
    await page.getByRole("button", { name: "Start run" }).click();
    const status = page
      .getByRole("status")
      .filter({ hasText: "Docker does not answer. Start Docker" });
    await status.waitFor();
    expect(await accessibilityProblems()).toEqual([]);

    let isOver = false;
    onTestFinished(() => void (isOver = true));
    const fetching = await startFakeDocker(socket, {
      onImage: async (tell) => {
        // As a slow registry gives it.
        for (let current = 1e6; !isOver; current += 1e6) {
          tell({ status: "Downloading", id: "a", progressDetail: { current, total: 9e8 } });
          await sleep(200);
        }
      },
    });
    await page
      .getByRole("status")
      .filter({
        hasText: /Fetching the image lab\/vq:3: fetched \d+\.\d MB of 900\.0 MB so far/,
      })
      .waitFor({ timeout: 60_000 });
    await page.getByRole("tab", { name: "Log" }).click();
    await page.getByText("[gauntlet] Fetched", { exact: false }).first().waitFor();
    expect(await accessibilityProblems()).toEqual([]);
    await page.getByRole("tab", { name: "Overview" }).click();
    await fetching();
    // Not sooner: this engine would have the image then, and run it without a digest.
    isOver = true;
    await startFakeDocker(socket, { images: [{ name: "lab/vq:3", digest }] });
    await page.getByText("succeeded").first().waitFor({ timeout: 60_000 });
    const code = page
      .getByRole("region")
      .or(page.locator("section"))
      .filter({
        has: page.getByRole("heading", { name: "Command and code" }),
      });
    await code.getByText(digest).waitFor();
    expect(await code.innerText()).toMatch(/Docker Engine 27\.1\.0\s+network\s+off/);
    await page.getByRole("tab", { name: "Attempts" }).click();
    await page.getByText(digest, { exact: true }).waitFor();
    expect(await accessibilityProblems()).toEqual([]);
    expect(problems).toEqual([]);
  },
);

test.skipIf(!hasShell)(
  `Docker is looked at when somebody asks for it [${shell}]`,
  { timeout: 60_000 },
  async () => {
    const { socket, page, open, accessibilityProblems } = await openWithDocker();
    await open("/compute");
    await page.getByRole("button", { name: "Check Docker" }).click();
    const table = page.getByRole("table", { name: "Docker" });
    await table.getByText(`Docker does not answer: connect ENOENT ${socket}`).waitFor();
    await table.getByText("Only needed for experiments with an image. Start Docker").waitFor();
    await startFakeDocker(socket);
    await page.getByRole("button", { name: "Check again" }).click();
    await table.getByText("Docker Engine 27.1.0 (API 1.46)").waitFor();
    expect(await accessibilityProblems()).toEqual([]);
  },
);
