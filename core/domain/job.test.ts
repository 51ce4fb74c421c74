import { describe, expect, test } from "vitest";
import {
  type ExitRecord,
  failureReasons,
  isTerminal,
  jobStates,
  mayBecome,
  verdictOf,
} from "./job.ts";

const clean: ExitRecord = {
  code: 0,
  signal: null,
  endedBy: "itself",
  startError: null,
  startedAt: 1,
  endedAt: 2,
  peakMemory: null,
  cpuSeconds: null,
  logDropped: 0,
};

describe("the verdict of an exit record", () => {
  test.each<[string, Partial<ExitRecord>, object]>([
    ["status 0", {}, { state: "succeeded" }],
    ["another status", { code: 3 }, { reason: "exit-code", raw: "exit status 3" }],
    ["a signal", { code: null, signal: "SIGKILL" }, { reason: "killed", raw: "ended by SIGKILL" }],
    [
      "stopped on request",
      { code: null, signal: "SIGTERM", endedBy: "stopped" },
      { state: "cancelled" },
    ],
    [
      "the time limit",
      { code: null, signal: "SIGTERM", endedBy: "timed-out" },
      { reason: "timed-out" },
    ],
    ["silence", { code: null, signal: "SIGKILL", endedBy: "silent" }, { reason: "silent" }],
    [
      "memory",
      { code: null, signal: "SIGKILL", endedBy: "out-of-memory" },
      { reason: "out-of-memory" },
    ],
    [
      "a program that is not there",
      { code: null, startError: { code: "ENOENT", message: "spawn x ENOENT" } },
      { reason: "command-not-found", raw: "spawn x ENOENT" },
    ],
    [
      "a program that cannot be started",
      { code: null, startError: { code: "EAGAIN", message: "spawn x EAGAIN" } },
      { reason: "cannot-start" },
    ],
  ])("%s", (_what, over, expected) => {
    expect(verdictOf({ ...clean, ...over })).toMatchObject(expected);
  });
});

test("terminal states are final", () => {
  for (const from of jobStates.filter(isTerminal))
    for (const to of jobStates) expect(mayBecome(from, to)).toBe(false);
});

test("every state that is not final leads on", () => {
  for (const from of jobStates.filter((state) => !isTerminal(state)))
    expect(jobStates.some((to) => mayBecome(from, to))).toBe(true);
});

test("every reason has a hint", () => {
  for (const [reason, { hint }] of Object.entries(failureReasons))
    expect(hint.length, reason).toBeGreaterThan(20);
});
