/** Images that are fetched from a registry by a real engine: slowly, by halves, or not at all. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { hasProgram, smallImage } from "../parts.ts";
import { runCli } from "../support/cli.ts";
import { folderWith, logOf, openTestCore, until, untilDone } from "../support/core.ts";
import { docker } from "../support/docker.ts";
import { type Registry, startRegistry } from "../support/registry.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const timeout = 300_000;

const fetched = (image: string) =>
  folderWith({
    "gauntlet.yaml": `name: fetched\nimage: ${image}\ntrain: { command: [sh, -c, "echo it runs"] }\n`,
  });

/** An experiment with this image, run to its end. */
async function runWith(image: string) {
  const { client, data } = await openTestCore();
  const { run } = await client.runs.submit({ folder: fetched(image) });
  await untilDone(client, [run]);
  const detail = await client.runs.get({ run });
  const shown = await runCli(["runs", "show", run], data);
  return { detail, log: await logOf(client, run), shown: shown.stdout };
}

/** A registry that the engine can reach; null, with the test skipped by name, for one elsewhere. */
async function reachable(skip: (note: string) => void): Promise<Registry> {
  const registry = await startRegistry(smallImage);
  // An engine in a virtual machine, as Docker Desktop's, has a localhost of its own.
  await docker("pull", "-q", `${registry.host}/no/such:1`).catch(() => undefined);
  if (registry.asked.length === 0) skip("the engine does not reach this machine's localhost");
  registry.asked.length = 0;
  return registry;
}

describe.skipIf(!hasProgram("docker with a small image"))(
  "[docker with a small image]",
  { timeout },
  () => {
    test("an image is fetched, slowly: how far it is, and what its name meant", async ({
      skip,
    }) => {
      const registry = await reachable(skip);
      registry.behaviour.pause = 400;
      const { client, data } = await openTestCore();
      const { run } = await client.runs.submit({ folder: fetched(registry.image) });
      const far = /^fetching the image .*: fetched \d\.\d MB of \d\.\d MB so far$/;
      const condition = await until(async () => {
        const said = (await client.runs.get({ run })).condition;
        return said !== null && far.test(said) && said;
      });
      const slow = await runCli(["runs", "show", run], data);
      expect(slow.stdout).toContain(condition.replace(/:[^:]*$/, ""));
      expect(slow.stdout).toMatch(/train +.*starting/);
      registry.behaviour.pause = 0;
      await untilDone(client, [run]);
      const detail = await client.runs.get({ run });
      expect(detail).toMatchObject({ state: "succeeded", condition: null });
      expect(detail.attempts[0]?.container).toMatchObject({
        image: registry.image,
        id: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
        digest: registry.digest,
      });
      const log = await logOf(client, run);
      expect(log).toMatch(/^\[gauntlet\] Fetching localhost/);
      expect(log).toMatch(/\[gauntlet\] Fetched \d\.\d MB of \d\.\d MB so far\n[^]*it runs\n$/);
      expect((await runCli(["runs", "show", run], data)).stdout).toContain(registry.digest);
    });

    test("a run that is stopped while its image is fetched is cancelled, and nothing is left", async ({
      skip,
    }) => {
      const registry = await reachable(skip);
      registry.behaviour.pause = 1000;
      const { client } = await openTestCore();
      const { run } = await client.runs.submit({ folder: fetched(registry.image) });
      await until(async () => registry.asked.some((asked) => asked.includes("/blobs/")));
      await client.runs.stop({ run });
      await untilDone(client, [run]);
      const detail = await client.runs.get({ run });
      expect(detail).toMatchObject({ state: "cancelled", attempts: [{ state: "cancelled" }] });
      await expect.poll(() => registry.abandoned).toBeGreaterThan(0);
      const jobs = detail.attempts.map(({ job }) => job);
      expect(await docker("ps", "-aq", "--filter", `label=gauntlet.job=${jobs[0]}`)).toBe("");
      expect(await docker("images", "-q", registry.image)).toBe("");
    });

    test("a connection that breaks off is gone on with", async ({ skip }) => {
      const registry = await reachable(skip);
      registry.behaviour.breaks = 3;
      const { detail, log } = await runWith(registry.image);
      expect(detail).toMatchObject({ state: "succeeded" });
      expect(log).toContain("it runs\n");
      expect(registry.behaviour.breaks).toBe(0);
    });

    test("a registry that is out of order for a moment is asked again, and that is said", async ({
      skip,
    }) => {
      const registry = await reachable(skip);
      Object.assign(registry.behaviour, { status: 500, times: 2 });
      const { detail, log } = await runWith(registry.image);
      expect(detail).toMatchObject({ state: "succeeded" });
      expect(log).toContain("500 Internal Server Error; it is tried again in 2 s\n");
    });

    test("what a registry refuses is told apart, each with what to do", async ({ skip }) => {
      const registry = await reachable(skip);
      const { behaviour, host, image } = registry;

      behaviour.login = "ann:pw-of-ann";
      const forbidden = await runWith(image);
      expect(forbidden.detail).toMatchObject({ state: "failed", reason: "image-forbidden" });
      expect(forbidden.shown).toContain("docker login REGISTRY");
      expect(forbidden.log).toContain(`docker login ${host}, as the user who runs Gauntlet`);
      behaviour.login = null;

      const unknown = await runWith(image.replace(/:1$/, ":2"));
      expect(unknown.detail).toMatchObject({ state: "failed", reason: "image-not-found" });
      expect(unknown.detail.attempts[0]?.raw).toContain("manifest unknown");

      Object.assign(behaviour, { status: 429, times: 1 });
      const limited = await runWith(image);
      expect(limited.detail).toMatchObject({ state: "failed", reason: "image-unavailable" });
      expect(limited.log).toContain("docker login raises the limit");

      Object.assign(behaviour, { status: 503, times: 3 });
      const away = await runWith(image);
      expect(away.detail).toMatchObject({ state: "failed", reason: "image-unavailable" });
      expect(away.detail.attempts[0]?.raw).toContain("503 Service Unavailable");
    });

    test("what docker login has kept is used, and stands nowhere", async ({ skip }) => {
      const registry = await reachable(skip);
      registry.behaviour.login = "ann:pw-of-ann";
      const folder = temporaryFolder();
      const auth = Buffer.from("ann:pw-of-ann").toString("base64");
      const config = { auths: { [registry.host]: { auth } } };
      writeFileSync(join(folder, "config.json"), JSON.stringify(config));
      vi.stubEnv("DOCKER_CONFIG", folder);
      onTestFinished(() => void vi.unstubAllEnvs());
      const { detail, log } = await runWith(registry.image);
      expect(detail).toMatchObject({ state: "succeeded" });
      expect(log).not.toContain("pw-of-ann");
    });
  },
);
