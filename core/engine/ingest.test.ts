import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import type { IngestPosition } from "../domain/ports.ts";
import { readLines } from "./ingest.ts";

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
