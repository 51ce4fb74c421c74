/** Many jobs in containers leave nothing behind, on the engine or on this machine. */
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { secretFolder } from "../../core/platform/secret-folder.ts";
import { hasProgram, nodeImage } from "../parts.ts";
import { folderWith, openTestCore, type TestCore, until, untilDone } from "../support/core.ts";
import { docker, removeImages } from "../support/docker.ts";
import { startDockerProxy } from "../support/docker-proxy.ts";
import { openHandles } from "../support/open-handles.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const timeout = 300_000;
const atOnce = 20;

const linesOf = (text: string) => text.split("\n").filter(Boolean);

const inspectedSchema = z.array(
  z.object({
    Id: z.string(),
    Mounts: z.array(z.object({ Type: z.string(), Name: z.string().default("") })),
    NetworkSettings: z.object({ Networks: z.record(z.string(), z.unknown()) }),
  }),
);
const networkSchema = z.tuple([z.object({ Containers: z.record(z.string(), z.unknown()) })]);

/** An image whose containers are each given a volume without a name. Goes with the test. */
async function imageWithVolume(): Promise<string> {
  const name = `gauntlet-test/volume:${randomUUID()}`;
  const container = await docker("create", nodeImage, "true");
  await docker("commit", "--change", "VOLUME /scratch", container, name);
  await docker("rm", container);
  onTestFinished(() => removeImages(name));
  return name;
}

/** Ends once it is let go, with the status that is its argument. */
const program = `echo begun; touch "$GAUNTLET_RUN_DIR/out/ready"
while [ ! -e "$GAUNTLET_RUN_DIR/out/go" ]; do sleep 0.2; done
echo "$TOKEN" > /scratch/token; echo over >&2; exit "$1"
`;

type Experiments = { succeeds: string; fails: string };

/**
 * Runs that many jobs, all at the same time: of four two succeed, one fails and one is stopped.
 * Returns what they had while all were there.
 */
async function runJobs({ client, data }: TestCore, folders: Experiments, count: number) {
  const runs = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const folder = index % 4 === 1 ? folders.fails : folders.succeeds;
      return (await client.runs.submit({ folder })).run;
    }),
  );
  const attempts = await until(async () => {
    const details = await Promise.all(runs.map((run) => client.runs.get({ run })));
    const jobs = details.flatMap((detail) => detail.attempts.map(({ job }) => job));
    const folders = jobs.map((job) => join(data, "jobs", job, "1"));
    const areReady = folders.every((folder) => existsSync(join(folder, "run/out/ready")));
    return areReady && jobs.length === count && { jobs, folders };
  });
  const labels = attempts.jobs.map((job) => `label=gauntlet.job=${job}`);
  const containers = await Promise.all(
    labels.map(async (label) => linesOf(await docker("ps", "-q", "--filter", label))),
  );
  const inspected = inspectedSchema.parse(
    JSON.parse(await docker("inspect", ...containers.flat())),
  );
  await Promise.all(
    runs.filter((_, index) => index % 4 === 3).map((run) => client.runs.stop({ run })),
  );
  for (const [index, folder] of attempts.folders.entries())
    if (index % 4 !== 3) writeFileSync(join(folder, "run/out/go"), "");
  await untilDone(client, runs);
  const ended = await Promise.all(runs.map((run) => client.runs.get({ run })));
  return {
    ...attempts,
    states: ended.map(({ state }) => state),
    ids: inspected.map(({ Id }) => Id),
    volumes: inspected.flatMap(({ Mounts }) =>
      Mounts.filter(({ Type }) => Type === "volume").map(({ Name }) => Name),
    ),
    networks: new Set(
      inspected.flatMap(({ NetworkSettings }) => Object.keys(NetworkSettings.Networks)),
    ),
  };
}

describe.skipIf(!hasProgram("docker") || !hasProgram("docker with node"))(
  "[docker] [docker with node]",
  () => {
    test("twenty jobs at once leave nothing behind", { timeout }, async () => {
      // Each connection to the engine is seen here. The client of this process is made once.
      const proxy = await startDockerProxy();
      vi.stubEnv("DOCKER_HOST", proxy.address);
      const image = await imageWithVolume();
      const experiment = (status: number) =>
        folderWith({
          "gauntlet.yaml": `name: boxed\nimage: ${image}\nsecrets: { TOKEN: {} }\ntrain: { command: [sh, train.sh, "${status}"] }\n`,
          "train.sh": program,
        });
      const folders = { succeeds: experiment(0), fails: experiment(3) };
      const temporary = temporaryFolder();
      const core = await openTestCore(temporaryFolder(), { cpus: atOnce });
      vi.stubEnv("TMPDIR", temporary);
      await core.client.secrets.set({ name: "TOKEN", value: "a-value-of-a-secret" });
      // What is opened once and then kept is open from here on.
      await runJobs(core, folders, 4);
      await expect.poll(proxy.isInUse).toBe(false);
      const before = openHandles();

      const { jobs, folders: attempts, states, ...had } = await runJobs(core, folders, atOnce);
      const of = (state: string) => states.filter((other) => other === state).length;
      expect([of("succeeded"), of("failed"), of("cancelled")]).toEqual([10, 5, 5]);
      expect([had.ids.length, had.volumes.length]).toEqual([atOnce, atOnce]);
      expect([...had.networks]).toEqual(["bridge"]);

      const containers = linesOf(await docker("ps", "-aq", "--no-trunc"));
      expect(had.ids.filter((id) => containers.includes(id))).toEqual([]);
      const labelled = jobs.map((job) =>
        docker("ps", "-aq", "--filter", `label=gauntlet.job=${job}`),
      );
      expect((await Promise.all(labelled)).filter(Boolean)).toEqual([]);
      const volumes = linesOf(await docker("volume", "ls", "-q"));
      expect(had.volumes.filter((name) => volumes.includes(name))).toEqual([]);
      const [bridge] = networkSchema.parse(
        JSON.parse(await docker("network", "inspect", "bridge")),
      );
      expect(had.ids.filter((id) => id in bridge.Containers)).toEqual([]);
      const networks = await docker("network", "ls", "--format", "{{.Name}} {{.Labels}}");
      expect(jobs.filter((job) => networks.includes(job))).toEqual([]);

      expect(attempts.filter((folder) => existsSync(secretFolder(folder)))).toEqual([]);
      expect(readdirSync(temporary)).toEqual([]);
      const files = readdirSync(core.data, { recursive: true, encoding: "utf8" });
      expect(files.filter((file) => /\.tmp$|log\.[0-9a-f-]{36}$/.test(file))).toEqual([]);
      // The library keeps a connection for seconds, for the next question.
      await expect.poll(proxy.isInUse).toBe(false);
      await expect.poll(openHandles).toEqual(before);
    });
  },
);
