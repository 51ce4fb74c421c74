import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { beginAttempt } from "../../tests/support/attempt.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { createCatalog } from "../catalog/catalog.ts";
import { createMetricReader } from "../catalog/metric-reader.ts";
import { openCatalog } from "../catalog/open.ts";
import type { IngestPosition } from "../domain/ports.ts";
import { ingestAttempt, readLines } from "./ingest.ts";

/** Reads a file the way the engine does, keeping the position between calls. */
function reader(file: string) {
  const state = {
    lines: [] as string[],
    skipped: 0,
    position: { offset: 0, skipping: false } as IngestPosition,
  };
  return {
    state,
    async read(ended = false) {
      await readLines(file, state.position, ended, (lines, skipped, position) => {
        state.lines.push(...lines);
        state.skipped += skipped;
        state.position = position;
      });
      return state.lines;
    },
  };
}

describe("reading a growing file", () => {
  test("a half line waits for its newline and is read once", async () => {
    const file = join(temporaryFolder(), "metrics.jsonl");
    writeFileSync(file, "one\ntw");
    const { read } = reader(file);
    expect(await read()).toEqual(["one"]);
    expect(await read()).toEqual(["one"]);
    appendFileSync(file, "o\nthree\n");
    expect(await read()).toEqual(["one", "two", "three"]);
  });

  test("the last half line counts once the writer has ended", async () => {
    const file = join(temporaryFolder(), "metrics.jsonl");
    writeFileSync(file, "one\ntwo");
    const { read, state } = reader(file);
    await read();
    expect(await read(true)).toEqual(["one", "two"]);
    expect(state.position.offset).toBe(7);
  });

  test("a file that is not there has no lines", async () => {
    expect(await reader(join(temporaryFolder(), "none")).read(true)).toEqual([]);
  });

  test("bytes that are no UTF-8 stay on their line", async () => {
    const file = join(temporaryFolder(), "metrics.jsonl");
    writeFileSync(file, Buffer.concat([Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from("next\n")]));
    expect(await reader(file).read()).toHaveLength(2);
  });

  test.each([1, 5])(
    "an over-long line of %i MiB and more is passed over, what follows is read",
    async (size) => {
      const file = join(temporaryFolder(), "metrics.jsonl");
      writeFileSync(file, "before\n");
      appendFileSync(file, "x".repeat(size * 2 ** 20 + 17));
      const { read, state } = reader(file);
      await read();
      await read();
      appendFileSync(file, "the end of it\nafter\n");
      expect(await read()).toEqual(["before", "after"]);
      expect(state.skipped).toBe(1);
    },
  );

  test.each([2 ** 18 - 1, 2 ** 18, 2 ** 18 + 1, 2 ** 20 - 1])(
    "a long line of %i bytes is a line, and so are its neighbours",
    async (length) => {
      const file = join(temporaryFolder(), "metrics.jsonl");
      const lines = ["before", "x".repeat(length), "after", "y".repeat(length), "last"];
      writeFileSync(file, `${lines.join("\n")}\n`);
      const { read, state } = reader(file);
      expect(await read()).toEqual(lines);
      expect(state.skipped).toBe(0);
    },
  );

  test("an over-long line that the file ends with is counted", async () => {
    const file = join(temporaryFolder(), "metrics.jsonl");
    writeFileSync(file, `a\n${"x".repeat(3 * 2 ** 20)}`);
    const { read, state } = reader(file);
    expect(await read(true)).toEqual(["a"]);
    expect(state.skipped).toBe(1);
  });

  test("many lines over several chunks are all read, in order", async () => {
    const file = join(temporaryFolder(), "metrics.jsonl");
    const lines = Array.from(
      { length: 60_000 },
      (_, index) => `{"step": ${index}, "loss": 0.123456}`,
    );
    writeFileSync(file, `${lines.join("\n")}\n`);
    expect(await reader(file).read()).toEqual(lines);
  });

  test("when its time is over the rest of a long file is left to the next call", async () => {
    const file = join(temporaryFolder(), "metrics.jsonl");
    const lines = Array.from({ length: 300_000 }, (_, index) => `{"step": ${index}}`);
    writeFileSync(file, `${lines.join("\n")}\n`);
    const seen: string[] = [];
    let position: IngestPosition = { offset: 0, skipping: false };
    const calls: number[] = [];
    for (let atEnd = false; !atEnd;) {
      let commits = 0;
      const commit = (more: string[], _skipped: number, next: IngestPosition) => {
        seen.push(...more);
        position = next;
        commits++;
      };
      atEnd = await readLines(file, position, false, commit, performance.now());
      calls.push(commits);
    }
    expect(seen).toEqual(lines);
    expect(calls.length).toBeGreaterThan(2);
    // Never less than a chunk, else it would not get on.
    for (const commits of calls) expect(commits).toBe(1);
  });
});

test("what a failing commit took back is read again, and nothing twice", async () => {
  const folder = temporaryFolder();
  const catalog = createCatalog(folder, { now: () => 0 }, () => "id");
  const attempt = beginAttempt(catalog, join(folder, "attempt"));
  const out = join(attempt.folder, "run", "out");
  mkdirSync(out, { recursive: true });
  const count = 400_000; // 12 MB, which is several commits
  const lines = Array.from({ length: count }, (_, step) => `{"step": ${step}, "loss": ${step}.5}`);
  lines[1000] = "garbage";
  writeFileSync(join(out, "metrics.jsonl"), `${lines.join("\n")}\n{"loss": 7`);
  const store = catalog.jobs.engineStore;
  let commits = 0;
  const failing = {
    ...store,
    appendMetrics(...given: Parameters<typeof store.appendMetrics>) {
      store.appendMetrics(...given);
      commits++;
      // As if the process had died right after a commit, then before one.
      if (commits === 2) throw new Error("killed");
    },
  };
  await expect(ingestAttempt(failing, attempt, false, Infinity)).rejects.toThrow("killed");
  const broken = {
    ...store,
    appendMetrics() {
      throw new Error("disk full");
    },
  };
  await expect(ingestAttempt(broken, attempt, false, Infinity)).rejects.toThrow("disk full");
  await ingestAttempt(store, attempt, false, Infinity);
  await ingestAttempt(store, attempt, false, Infinity);
  expect(store.ingestPosition(attempt, "out/metrics.jsonl").offset).toBe(
    lines.reduce((sum, line) => sum + line.length + 1, 0),
  );
  catalog.close();
  const { db, close } = openCatalog(folder);
  const { positions, steps, values } = createMetricReader(db).points(
    1,
    { axis: "position", from: null, to: null },
    0,
    count,
  );
  const kept = Array.from({ length: count }, (_, step) => step).filter((step) => step !== 1000);
  expect(positions).toHaveLength(count - 1);
  expect(steps).toEqual(Float64Array.from(kept));
  expect(values).toEqual(Float64Array.from(kept, (step) => step + 0.5));
  expect(db.prepare("SELECT bad_lines FROM attempt").get()).toEqual({ bad_lines: 1 });
  close();
});
