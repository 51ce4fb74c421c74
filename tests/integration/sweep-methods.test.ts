import { describe, expect, test } from "vitest";
import { runCli } from "../support/cli.ts";
import { folderWith, openTestCore, untilDone } from "../support/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** An experiment whose program does next to nothing. */
const experiment = (sweep: string) =>
  folderWith({
    "gauntlet.yaml": `name: tiny
parameters:
  rate: { type: float, default: 0.1, min: 1e-4, max: 1, scale: log }
  depth: { type: integer, default: 2, min: 1, max: 3 }
  loss: { type: choice, values: [ce, trades], default: ce }
train:
  command: [node, -e, "console.log('{rate}', '{depth}', '{loss}', '{seed}')"]
sweep: ${sweep}
`,
  });

describe.each(["random", "sobol"])("a %s sweep", (method) => {
  test("runs every point with every seed, and more samples only add cells", async () => {
    const { client } = await openTestCore();
    const sweep = (samples: number) =>
      experiment(
        `{ method: ${method}, samples: ${samples}, parameters: [rate, depth], values: { seed: [0, 1] } }`,
      );
    const submit = async (samples: number) => {
      const { runs } = await client.sweeps.submit({ folder: sweep(samples) });
      await untilDone(client, runs);
      return Promise.all(runs.map((run) => client.runs.get({ run })));
    };
    const two = await submit(2);
    expect(two.map(({ state }) => state)).toEqual(Array.from({ length: 4 }, () => "succeeded"));
    expect(two.map(({ seed }) => seed)).toEqual([0, 1, 0, 1]);
    expect(two[0]?.label).toMatch(/^rate=[\d.]+ depth=[123] seed=0$/);
    expect(two[0]?.parameters).toMatchObject({ loss: "ce" });
    const three = await submit(3);
    expect(three.map(({ seed }) => seed)).toEqual([0, 1]);
    const { sweeps } = await client.sweeps.list({});
    const { cells } = await client.sweeps.get({ sweep: sweeps[0]?.id ?? "" });
    expect(cells).toHaveLength(6);
    expect(cells.map(({ label }) => label)).toEqual([...two, ...three].map(({ label }) => label));
  });
});

describe("gauntlet sweep --dry-run", () => {
  test("says what would run and runs nothing", async () => {
    const data = temporaryFolder();
    const folder = experiment(
      "{ method: sobol, samples: 6, parameters: [depth, loss], values: { seed: [0, 1] } }",
    );
    const { status, stdout } = await runCli(["sweep", folder, "--dry-run"], data);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^sobol: \d points × 2 seeds = \d+ cells\n {2}first {2}depth=\d loss=\w+ seed=0\n {2}last {3}depth=\d loss=\w+ seed=1\n/,
    );
    expect(stdout).toContain("samples: 4 or 8");
    expect(JSON.parse((await runCli(["runs", "list", "--json"], data)).stdout).total).toBe(0);
  });

  test("as JSON, with the count of what repeats", async () => {
    const folder = experiment("{ method: random, samples: 100, parameters: [depth, loss] }");
    const { stdout } = await runCli(["sweep", folder, "--dry-run", "--json"], temporaryFolder());
    expect(JSON.parse(stdout)).toMatchObject({ points: 6, seeds: 1, cells: 6, duplicates: 94 });
  });

  test("a mistake is answered with its place", async () => {
    const folder = experiment("{ method: random, samples: 4, parameters: [rat] }");
    const { status, stderr } = await runCli(["sweep", folder, "--dry-run"], temporaryFolder());
    expect(status).toBe(3);
    expect(stderr).toContain("gauntlet.yaml:8:");
    expect(stderr).toContain("did you mean `rate`?");
  });
});
