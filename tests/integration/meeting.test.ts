/** Models and attacks from folders that have never seen each other meet in evaluations. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { hasProgram } from "../parts.ts";
import { runCli } from "../support/cli.ts";
import { openTestCore, until, untilDone } from "../support/core.ts";
import { makeToy } from "../support/toy-dataset.ts";

const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));
const fixture = (...path: string[]) => join(fixtures, ...path);
const samples = 24;

async function coreWithToy() {
  const core = await openTestCore();
  const { dataset, weights } = makeToy(60);
  await core.client.datasets.add({ folder: dataset });
  const importModel = (load: string, name: string) =>
    core.client.models.import({
      file: weights,
      load: fixture("models", load),
      dataset: "toy",
      name,
    });
  const evaluate = async (models: string[], attacks: string[]) => {
    const { queued } = await core.client.evaluations.fill({ models, attacks, samples });
    return untilDone(core.client, [], queued);
  };
  return { ...core, importModel, evaluate };
}

describe("hand-written models and attacks", () => {
  test("in JavaScript: gradient, scores and labels, each at least as close as the next", async () => {
    const { client, importModel, evaluate } = await coreWithToy();
    await importModel("linear-js/model.js:load", "linear");
    await client.attacks.add({ folder: fixture("attacks", "gradient") });
    await client.attacks.add({ folder: fixture("attacks", "search") });
    await client.attacks.add({ folder: fixture("attacks", "search-command") });
    const labels = (await client.attacks.list({})).map(({ label }) => label);
    const command = labels.find((label) => label.startsWith("search-command"));
    const progress = await evaluate(["linear"], ["gradient", "search", command ?? "missing"]);
    expect(progress.evaluations.map(({ state }) => state)).toEqual(Array(3).fill("verified"));
    await client.attacks.saveSet({
      name: "toy set",
      date: "2026-11-24",
      attacks: ["gradient", "search", command ?? "missing"],
      activate: true,
    });
    const { ranked } = await client.leaderboard.get({});
    expect(ranked).toMatchObject([{ model: "linear", verified: 3 * samples, cleanAccuracy: 1 }]);
    const [gradient, ...others] = ranked[0]?.perAttack.map(({ median }) => median ?? NaN) ?? [];
    // On a linear model the gradient gives the smallest distance there is.
    for (const other of others) expect(gradient).toBeLessThanOrEqual(other);
    expect(ranked[0]?.score).toBe(gradient);
  });

  test.skipIf(!hasProgram("python3"))(
    "across languages [python3]: the same model and attack give the same score in all four pairs",
    async () => {
      const { client, importModel, evaluate } = await coreWithToy();
      await importModel("linear-js/model.js:load", "in-js");
      await importModel("linear-py/model.py:load", "in-python");
      await client.attacks.add({ folder: fixture("attacks", "gradient") });
      const { evaluations } = await evaluate(
        ["in-js", "in-python"],
        ["gradient", "gradient-python"],
      );
      expect(evaluations.map(({ state }) => state)).toEqual(Array(4).fill("verified"));
      await client.attacks.saveSet({
        name: "both",
        date: "2026-11-24",
        attacks: ["gradient", "gradient-python"],
        activate: true,
      });
      const { ranked } = await client.leaderboard.get({});
      expect(ranked).toHaveLength(2);
      const medians = ranked.flatMap(({ perAttack }) =>
        perAttack.map(({ median }) => median ?? NaN),
      );
      for (const median of medians) expect(median).toBeCloseTo(medians[0] ?? NaN, 4);
    },
  );
});

describe("what does not verify", () => {
  test("what was not verified can be evaluated again, and says so until it is", async () => {
    const { client, data, importModel, evaluate } = await coreWithToy();
    await importModel("linear-js/model.js:load", "linear");
    await client.attacks.add({ folder: fixture("attacks", "liar") });
    const asked = { models: ["linear"], attacks: ["liar"], samples };
    await evaluate(["linear"], ["liar"]);
    expect(await client.evaluations.fill(asked)).toMatchObject({ queued: [], present: 1 });
    const args = ["evaluate", "linear", "--attack", "liar", "--samples", String(samples)];
    expect(await runCli(args, data)).toMatchObject({ status: 0 });
    const again = await runCli([...args, "--again"], data);
    expect(again.stderr).toMatch(/linear × liar@1.0.0 \d+ samples not verified/);
    expect(again.status).toBe(8);
  });

  test("an attack that lies scores nothing, and the model is not ranked by it", async () => {
    const { client, importModel, evaluate } = await coreWithToy();
    await importModel("linear-js/model.js:load", "linear");
    await client.attacks.add({ folder: fixture("attacks", "gradient") });
    await client.attacks.add({ folder: fixture("attacks", "liar") });
    await evaluate(["linear"], ["gradient", "liar"]);
    await client.attacks.saveSet({
      name: "with a liar",
      date: "2026-11-24",
      attacks: ["gradient", "liar"],
      activate: true,
    });
    const board = await client.leaderboard.get({});
    expect(board.ranked).toEqual([]);
    expect(board.incomplete).toMatchObject([
      { model: "linear", verified: samples, needed: 2 * samples },
    ]);
    const { results } = await client.models.get({ model: "linear" });
    expect(results.find(({ attack }) => attack === "liar@1.0.0")?.rejections).toEqual([
      { reason: "claimed-label-wrong", count: samples },
    ]);
  });

  test("a model that answers with no numbers classifies nothing and scores 0", async () => {
    const { client, importModel, evaluate } = await coreWithToy();
    await importModel("nan-js/model.js:load", "broken");
    await client.attacks.add({ folder: fixture("attacks", "search") });
    await evaluate(["broken"], ["search"]);
    await client.attacks.saveSet({
      name: "one",
      date: "2026-11-24",
      attacks: ["search"],
      activate: true,
    });
    const { ranked } = await client.leaderboard.get({});
    expect(ranked).toMatchObject([{ model: "broken", score: 0, cleanAccuracy: 0 }]);
  });
});

test("an attack added later is run against older models, and only what is missing is filled", async () => {
  const { client, importModel, evaluate } = await coreWithToy();
  await importModel("linear-js/model.js:load", "old");
  await client.attacks.add({ folder: fixture("attacks", "search") });
  await evaluate(["old"], ["search"]);
  await client.attacks.add({ folder: fixture("attacks", "gradient") });
  await client.attacks.saveSet({
    name: "later",
    date: "2026-12-08",
    attacks: ["search", "gradient"],
    activate: true,
  });
  expect((await client.leaderboard.get({})).incomplete).toMatchObject([{ verified: samples }]);
  const plan = await client.evaluations.fill({ models: ["old"], dryRun: true });
  expect(plan).toMatchObject({ present: 1, missing: [{ model: "old", attack: "gradient@1.0.0" }] });
  const { queued } = await client.evaluations.fill({ models: ["old"] });
  expect(queued).toHaveLength(1);
  await untilDone(client, [], queued);
  expect((await client.leaderboard.get({})).ranked).toHaveLength(1);
  expect(await client.evaluations.fill({ models: ["old"] })).toMatchObject({
    queued: [],
    present: 2,
  });
});

test("an attack that changes without a new version is refused; a set never changes", async () => {
  const { client } = await openTestCore();
  await client.attacks.add({ folder: fixture("attacks", "search") });
  await client.attacks.add({ folder: fixture("attacks", "search") });
  const other = { name: "Digits five", date: "2026-11-24", attacks: ["search"] };
  await expect(client.attacks.saveSet(other)).rejects.toMatchObject({
    data: { code: "ATTACK_CHANGED" },
  });
  await until(async () =>
    (await client.attacks.sets({})).some(({ name }) => name === "Digits five"),
  );
});
