/** Images that are built for an experiment: stopped in the middle, and with secrets. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { connectToCore } from "../../core/api/socket-client.ts";
import { installationFolder } from "../../core/platform/installation.ts";
import { secretFolder } from "../../core/platform/secret-folder.ts";
import { hasProgram, smallImage } from "../parts.ts";
import { runCli } from "../support/cli.ts";
import { folderWith, logOf, openTestCore, until, untilDone } from "../support/core.ts";
import { docker, removeImages } from "../support/docker.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const timeout = 300_000;
const value = "Bs4-secret/Value+0123456789";

/** A mark that no other test's image has, which keeps steps out of the engine's cache. */
const newMark = () => `mark-${randomBytes(4).toString("hex")}`;

const builtFrom = (steps: string, image = "{ build: . }") =>
  folderWith({
    "gauntlet.yaml": `name: built\nimage: ${image}\ntrain: { command: [sh, -c, "echo it runs"] }\n`,
    Dockerfile: `FROM ${smallImage}\n${steps}\n`,
  });

/** What every container of the engine runs or ran. */
const allCommands = () => docker("ps", "-a", "--no-trunc", "--format", "{{.Command}}");

/** Files below a folder that hold the secret, but for where it is kept. */
function holders(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => join(folder, path))
    .filter((path) => !path.endsWith("secrets.json") && statSync(path).isFile())
    .filter((path) => readFileSync(path).includes(value));
}

describe.skipIf(!hasProgram("docker with a small image"))(
  "[docker with a small image]",
  { timeout },
  () => {
    test("a run that is stopped in the middle of a step is cancelled; the step ends, nothing is left", async () => {
      const { client, data } = await openTestCore();
      const mark = newMark();
      const folder = builtFrom(`RUN echo says-${mark} && sleep 300`);
      const { run } = await client.runs.submit({ folder });
      // Output comes as it is made, not at the end of the step.
      await until(async () => (await logOf(client, run)).includes(`\n[gauntlet] says-${mark}\n`));
      const detail = await client.runs.get({ run });
      const image = detail.attempts[0]?.container?.image ?? "";
      expect(detail.condition).toBe(`building the image ${image}: step 2 of 2`);
      expect((await runCli(["runs", "show", run], data)).stdout).toContain("step 2 of 2");
      expect(await allCommands()).toContain(mark);
      await client.runs.stop({ run });
      await untilDone(client, [run]);
      expect(await client.runs.get({ run })).toMatchObject({ state: "cancelled" });
      await expect.poll(allCommands).not.toContain(mark);
      expect(await docker("images", "-q", image)).toBe("");
    });

    test("build arguments reach the steps, and another value makes another image", async () => {
      const { client } = await openTestCore();
      const images: string[] = [];
      for (const word of [newMark(), newMark()]) {
        const folder = builtFrom(
          'ARG WORD\nRUN echo "says $WORD"',
          `{ build: ., args: { WORD: "${word} b$c" } }`,
        );
        const { run } = await client.runs.submit({ folder });
        await untilDone(client, [run]);
        expect(await logOf(client, run)).toContain(`[gauntlet] says ${word} b$c\n`);
        images.push((await client.runs.get({ run })).attempts[0]?.container?.image ?? "");
      }
      expect(new Set(images).size).toBe(2);
      await removeImages(...images);
    });

    test("without buildx secrets in a build are refused before and after, with what to do", async () => {
      const { client, data } = await openTestCore();
      const without = temporaryFolder();
      writeFileSync(join(without, "docker"), "#!/bin/sh\nexit 1\n");
      chmodSync(join(without, "docker"), 0o755);
      vi.stubEnv("PATH", `${without}:${process.env["PATH"] ?? ""}`);
      onTestFinished(() => void vi.unstubAllEnvs());
      const folder = builtFrom("RUN true", "{ build: ., secrets: [BUILD_TOKEN] }");
      await expect(client.runs.submit({ folder })).rejects.toMatchObject({
        data: { code: "SECRET_MISSING" },
      });
      const missing = await client.experiments.readiness({ folder });
      expect(missing.findings.map(({ code }) => code)).toContain("SECRET_MISSING");
      await client.secrets.set({ name: "BUILD_TOKEN", value });
      expect((await client.experiments.readiness({ folder })).findings).toMatchObject([
        { state: "note" },
        { state: "failed", code: "IMAGE_BUILD_NEEDS_BUILDX" },
      ]);
      const { run } = await client.runs.submit({ folder });
      await untilDone(client, [run]);
      expect(await client.runs.get({ run })).toMatchObject({
        state: "failed",
        reason: "no-buildx",
      });
      expect((await runCli(["runs", "show", run], data)).stdout).toContain("docker-buildx-plugin");
    });
  },
);

describe.skipIf(!hasProgram("docker with a small image") || !hasProgram("docker buildx"))(
  "[docker with a small image, docker buildx]",
  { timeout },
  () => {
    const secret = (rest: string) =>
      `RUN --mount=type=secret,id=BUILD_TOKEN echo "says $(cat /run/secrets/BUILD_TOKEN) with $(wc -c < /run/secrets/BUILD_TOKEN)" ${rest}`;
    const image = "{ build: ., secrets: [BUILD_TOKEN] }";

    test("a step is given a secret, and nothing else holds it", async () => {
      const { client, data } = await openTestCore();
      await client.secrets.set({ name: "BUILD_TOKEN", value });
      const { run } = await client.runs.submit({
        folder: builtFrom(secret(`&& echo ${newMark()}`), image),
      });
      await untilDone(client, [run]);
      const detail = await client.runs.get({ run });
      expect(detail).toMatchObject({ state: "succeeded" });
      const log = await logOf(client, run);
      expect(log).toContain(`says *** with ${value.length}\n`);
      expect(log).toContain("it runs\n");
      expect(holders(data)).toEqual([]);
      const name = detail.attempts[0]?.container?.image ?? "";
      expect(await docker("history", "--no-trunc", name)).not.toContain(value);
      expect(await docker("image", "inspect", name)).not.toContain(value);
      await removeImages(name);
    });

    test("a build that fails, or is stopped in the middle, leaves no secret", async () => {
      const { client, data } = await openTestCore();
      await client.secrets.set({ name: "BUILD_TOKEN", value });
      const failing = await client.runs.submit({ folder: builtFrom(secret("&& exit 7"), image) });
      await untilDone(client, [failing.run]);
      const failed = await client.runs.get({ run: failing.run });
      expect(failed).toMatchObject({ state: "failed", reason: "image-build-failed" });
      expect(failed.attempts[0]?.raw).toContain("exit code: 7");

      const mark = newMark();
      const { run } = await client.runs.submit({
        folder: builtFrom(secret(`&& echo ${mark} && sleep 300`), image),
      });
      await until(async () => /\d says \*\*\* with/.test(await logOf(client, run)));
      const detail = await client.runs.get({ run });
      expect(detail.condition).toMatch(/: step 2 of 2$/);
      const job = detail.attempts[0]?.job ?? "";
      const place = secretFolder(join(data, "jobs", job, "1", "image"));
      expect(statSync(join(place, "BUILD_TOKEN")).mode & 0o777).toBe(0o400);
      await client.runs.stop({ run });
      await untilDone(client, [run]);
      expect(await client.runs.get({ run })).toMatchObject({ state: "cancelled" });
      expect(existsSync(place)).toBe(false);
      expect(holders(data)).toEqual([]);
    });

    test.each(["its host", "SIGKILL"] as const)(
      "a core that is ended by %s while it builds leaves no secret, at the latest after the next start",
      async (by) => {
        const data = temporaryFolder();
        const mark = newMark();
        const program = join(installationFolder, "cli", "gauntlet.mjs");
        // It lives as long as its input.
        const child = spawn(process.execPath, [program, "--data", data, "core"]);
        onTestFinished(() => void child.kill("SIGKILL"));
        await new Promise((resolve) => child.stdout.once("data", resolve));
        const { client, close } = await connectToCore(data);
        await client.secrets.set({ name: "BUILD_TOKEN", value });
        const folder = builtFrom(secret(`&& echo ${mark} && sleep 20 && false`), image);
        const { run } = await client.runs.submit({ folder });
        const job = await until(async () => {
          const log = await logOf(client, run);
          return log.includes("with 27") && (await client.runs.get({ run })).attempts[0]?.job;
        });
        close();
        const place = secretFolder(join(data, "jobs", job, "1", "image"));
        expect(existsSync(place)).toBe(true);
        const gone = new Promise((resolve) => child.once("exit", resolve));
        if (by === "SIGKILL") child.kill(by);
        else child.stdin.end();
        await gone;
        expect(existsSync(place)).toBe(by === "SIGKILL");

        const next = await openTestCore(data);
        await next.client.runs.stop({ run });
        await untilDone(next.client, [run]);
        expect(await next.client.runs.get({ run })).toMatchObject({ state: "cancelled" });
        expect(existsSync(place)).toBe(false);
        expect(holders(data)).toEqual([]);
      },
    );
  },
);
