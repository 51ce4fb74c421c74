import { existsSync, mkdirSync, readFileSync, rmdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { openJobLog, tailLength } from "./job-log.ts";

/** Lines of ten bytes, numbered from `first`. */
function lines(first: number, count: number): Buffer {
  const numbers = Array.from({ length: count }, (_, index) => first + index);
  return Buffer.from(numbers.map((n) => `${String(n).padStart(9, "0")}\n`).join(""));
}

describe("within its limit", () => {
  test("a log holds everything, at once", () => {
    const file = join(temporaryFolder(), "log");
    const log = openJobLog(file, 30);
    log.write(lines(1, 2));
    expect(readFileSync(file, "utf8")).toBe("000000001\n000000002\n");
    log.write(lines(3, 1));
    expect(log.end()).toBe(0);
    expect(readFileSync(file)).toEqual(lines(1, 3));
  });

  test("a log without output is an empty file", () => {
    const file = join(temporaryFolder(), "log");
    expect(openJobLog(file, 30).end()).toBe(0);
    expect(readFileSync(file, "utf8")).toBe("");
  });
});

describe("over its limit", () => {
  test("a log that the tail can hold loses nothing", () => {
    const file = join(temporaryFolder(), "log");
    const log = openJobLog(file, 25);
    for (let first = 1; first <= 1000; first += 10) log.write(lines(first, 10));
    expect(log.end()).toBe(0);
    expect(readFileSync(file)).toEqual(lines(1, 1000));
  });

  test("a log keeps its beginning and its last lines and says what is missing", () => {
    const file = join(temporaryFolder(), "log");
    const log = openJobLog(file, 25);
    const total = 100_000;
    for (let first = 1; first <= total; first += 1000) log.write(lines(first, 1000));
    expect(readFileSync(file).length).toBe(25);
    const dropped = log.end();
    const text = readFileSync(file, "utf8");
    const [head = "", tail = ""] = text.split(/^\[gauntlet\].*\n/m);
    expect(head).toBe("000000001\n000000002\n00000\n");
    expect(tail).toBe(lines(total - tail.length / 10 + 1, tail.length / 10).toString());
    expect(tail.length).toBeGreaterThan(tailLength - 20);
    expect(tail.length).toBeLessThanOrEqual(tailLength);
    expect(dropped).toBe(total * 10 - 25 - tail.length);
    expect(text).toContain(`${String(dropped)} bytes of output are left out here (the log's limit`);
  });

  test("one endless line is cut too", () => {
    const file = join(temporaryFolder(), "log");
    const log = openJobLog(file, 0);
    for (let round = 0; round < 50; round++) log.write(Buffer.alloc(10_000, "x"));
    expect(log.end()).toBe(500_000 - tailLength);
    expect(readFileSync(file, "utf8")).toMatch(/^\[gauntlet\] .*\nx{65536}$/);
  });
});

describe("on a disk that refuses", () => {
  test.runIf(existsSync("/dev/full"))("a log counts what is lost and does not throw", () => {
    const file = join(temporaryFolder(), "log");
    symlinkSync("/dev/full", file);
    const log = openJobLog(file, 1000);
    log.write(lines(1, 3));
    log.write(lines(4, 3));
    expect(log.end()).toBe(60);
  });

  test("a log goes on once there is space, with a line where some is missing", () => {
    const file = join(temporaryFolder(), "log");
    mkdirSync(file);
    const log = openJobLog(file, 1_000_000);
    for (let first = 1; first <= 10_000; first += 1000) log.write(lines(first, 1000));
    rmdirSync(file);
    const dropped = log.end();
    expect(dropped).toBeGreaterThan(0);
    const text = readFileSync(file, "utf8");
    expect(text).toMatch(/^\[gauntlet\] \d+ bytes of output are left out here \(EISDIR\)\n/);
    expect(text.endsWith("000010000\n")).toBe(true);
  });
});
