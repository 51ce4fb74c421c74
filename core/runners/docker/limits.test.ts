import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { createLimits, type Output } from "./limits.ts";

const hour = 3_600_000;
const nothing: Output = { arrived: () => null, written: () => Promise.resolve(null) };

function limits(options: { ran?: number; time?: number; silence?: number; output?: Output }) {
  const folder = temporaryFolder();
  const files = { stop: join(folder, "stop.json"), metrics: join(folder, "metrics.jsonl") };
  const look = createLimits({
    files,
    launch: { timeLimit: options.time ?? 100 * hour, silenceLimit: options.silence ?? hour },
    ran: options.ran ?? 0,
    output: options.output ?? nothing,
  });
  return { look, files };
}

const ago = (time: number) => Date.now() - time;

describe("limits that passed while nobody watched", () => {
  test("of time, and of silence, at the first look", async () => {
    expect(await limits({ ran: 2 * hour, time: hour }).look()).toBe("timed-out");
    expect(await limits({ ran: 2 * hour }).look()).toBe("silent");
    const written = () => Promise.resolve(ago(1.5 * hour));
    expect(await limits({ ran: 2 * hour, output: { ...nothing, written } }).look()).toBe("silent");
  });

  test("not where the job has spoken since", async () => {
    const written = () => Promise.resolve(ago(0.5 * hour));
    expect(await limits({ ran: 2 * hour, output: { ...nothing, written } }).look()).toBeNull();
    const { look, files } = limits({ ran: 2 * hour });
    writeFileSync(files.metrics, "{}\n");
    utimesSync(files.metrics, new Date(), new Date(ago(0.5 * hour)));
    expect(await look()).toBeNull();
  });

  test("old metrics are no sign of life, new ones are", async () => {
    const { look, files } = limits({ ran: 3 * hour });
    writeFileSync(files.metrics, "{}\n");
    utimesSync(files.metrics, new Date(), new Date(ago(2 * hour)));
    expect(await look()).toBe("silent");
    writeFileSync(files.metrics, "{}\n{}\n");
    expect(await look()).toBeNull();
  });

  test("a log that is read again from its beginning is no sign of life", async () => {
    let arrived: number | null = null;
    let newest = ago(0.9 * hour);
    let asked = 0;
    const written = () => {
      asked++;
      return Promise.resolve(newest);
    };
    const { look } = limits({
      ran: 2 * hour,
      silence: 0.9 * hour + 200,
      output: { arrived: () => arrived, written },
    });
    expect(await look()).toBeNull();
    arrived = performance.now();
    await expect.poll(look, { interval: 20 }).toBe("silent");
    arrived = performance.now();
    newest = Date.now() + 1000;
    expect(await look()).toBeNull();
    // From now on what arrives is new.
    const before = asked;
    arrived = performance.now();
    expect(await look()).toBeNull();
    expect(asked).toBe(before);
  });
});

test("what has just begun is not asked about", async () => {
  const written = () => Promise.reject(new Error("asked"));
  let arrived: number | null = null;
  const { look, files } = limits({ silence: 200, output: { arrived: () => arrived, written } });
  expect(await look()).toBeNull();
  await expect.poll(look, { interval: 20 }).toBe("silent");
  arrived = performance.now();
  expect(await look()).toBeNull();
  writeFileSync(files.stop, "");
  expect(await look()).toBe("stopped");
});
