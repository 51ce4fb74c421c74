/** What a page follows: events as they happen, metrics as they grow, the machine. */
import { expect, test } from "vitest";
import { folderWith, openTestCore, runToEnd, untilDone } from "../support/core.ts";

const quick = {
  "gauntlet.yaml": "name: quick\ntrain: { command: [node, main.mjs] }\n",
  "main.mjs": `import { writeFileSync } from "node:fs";
const lines = Array.from({ length: 5000 }, (_, step) =>
  JSON.stringify({ step, time: 1.7e9 + step, loss: Math.sin(step / 50) }));
writeFileSync(process.env.GAUNTLET_RUN_DIR + "/out/metrics.jsonl", lines.join("\\n") + "\\n");`,
};

test("events come as they happen, and go on after the last one that was seen", async () => {
  const { client } = await openTestCore();
  const abort = new AbortController();
  const events = await client.events.watch({ afterSeq: null }, { signal: abort.signal });
  const first = await events.next();
  expect(first.value).toMatchObject({ reset: false, events: [] });
  const { run } = await client.runs.submit({ folder: folderWith(quick) });
  const seen: { kind: string; subject: string; seq: number }[] = [];
  for await (const batch of events) {
    seen.push(...batch.events);
    if (seen.some(({ kind }) => kind === "run.succeeded")) break;
  }
  abort.abort();
  expect(seen.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(["run.created", "job.queued", "job.starting", "run.succeeded"]),
  );
  expect(seen.find(({ kind }) => kind === "run.created")?.subject).toBe(run);
  const numbers = seen.map(({ seq }) => seq);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));

  // A page that lost its connection after the second event gets the rest, once.
  const [, second] = numbers;
  const again = await client.events.watch({ afterSeq: second });
  await again.next();
  const rest = await again.next();
  await again.return?.();
  expect(rest.value).toMatchObject({ reset: false });
  expect((rest.value as { events: { seq: number }[] }).events.map(({ seq }) => seq)).toEqual(
    numbers.slice(2),
  );
});

test("whoever knows an event that is still to come asks for everything anew", async () => {
  const { client } = await openTestCore();
  const events = await client.events.watch({ afterSeq: 1_000_000 });
  expect((await events.next()).value).toMatchObject({ reset: true, events: [] });
  await events.return?.();
});

test("a chart has the points, or of each column what there is to draw", async () => {
  const { client } = await openTestCore();
  const run = await runToEnd(client, folderWith(quick));
  const series = await client.metrics.series({ run: run.id });
  expect(series).toEqual([
    expect.objectContaining({ name: "loss", stage: "train", attempt: 1, points: 5000 }),
  ]);
  const [near] = await client.metrics.chart({
    series: series.map(({ id }) => ({ id, from: 10, to: 19 })),
    axis: "step",
    columns: 100,
  });
  expect(near).toMatchObject({ raw: true, points: 10, to: "" });
  expect(numbers(near?.from)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  expect(numbers(near?.first)[3]).toBe(Math.sin(13 / 50));
  const [whole] = await client.metrics.chart({ series, axis: "step", columns: 100 });
  expect(whole).toMatchObject({ raw: false, sorted: true, points: 5000 });
  expect(numbers(whole?.minimum)).toHaveLength(100);
  expect(Math.max(...numbers(whole?.maximum))).toBeCloseTo(1, 3);
  expect(numbers(whole?.to).at(-1)).toBe(4999);
});

test("the overview counts what is under way", async () => {
  const { client } = await openTestCore(undefined, { cpus: 1 });
  const folder = folderWith({
    "gauntlet.yaml": "name: waits\ntrain: { command: [node, main.mjs] }\n",
    "main.mjs": "setTimeout(() => {}, 1e6);",
  });
  const runs: string[] = [];
  for (let seed = 0; seed < 3; seed++) runs.push((await client.runs.submit({ folder, seed })).run);
  await expect
    .poll(() => client.system.overview({}), { timeout: 30_000 })
    .toMatchObject({
      jobs: { running: 1, queued: 2 },
      slots: { cpus: { used: 1, total: 1 } },
      runs: 3,
    });
  for (const run of runs) await client.runs.stop({ run });
  await untilDone(client, runs);
  const idle = await client.system.overview({});
  expect(idle.jobs).toEqual({ queued: 0, starting: 0, running: 0, collecting: 0 });
  expect(idle.machine.memory.used).toBeLessThanOrEqual(idle.machine.memory.total);
});

function numbers(packed: string | undefined): number[] {
  const bytes = Uint8Array.from(Buffer.from(packed ?? "", "base64"));
  return [...new Float64Array(bytes.buffer)];
}
