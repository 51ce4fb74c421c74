import { expect, test } from "vitest";
import { exitOf } from "./exit.ts";

const state = (ExitCode: number, OOMKilled = false) => ({
  ExitCode,
  OOMKilled,
  StartedAt: "2026-11-25T10:00:00.000000001Z",
  FinishedAt: "2026-11-25T10:00:01.5Z",
});

test("a status is a status, and 128 and a signal's number is that signal", () => {
  expect(exitOf(state(3), null, "", false)).toMatchObject({ code: 3, signal: null });
  expect(exitOf(state(137), null, "", false)).toMatchObject({ code: null, signal: "SIGKILL" });
  expect(exitOf(state(255), null, "", false)).toMatchObject({ code: 255, signal: null });
  const { startedAt, endedAt } = exitOf(state(0), null, "", false);
  expect(endedAt - startedAt).toBe(1500);
});

test("why it ended: the limit, the memory, itself, or the engine that went away", () => {
  expect(exitOf(state(143), "timed-out", "", false)).toMatchObject({ endedBy: "timed-out" });
  expect(exitOf(state(137, true), null, "", false)).toMatchObject({ endedBy: "out-of-memory" });
  // A worker was killed for it and the program went on.
  expect(exitOf(state(0, true), null, "", false)).toMatchObject({ endedBy: "itself" });
  expect(exitOf(state(143), null, "", true)).toMatchObject({ endedBy: "place-lost" });
  expect(exitOf(state(3), null, "", true)).toMatchObject({ endedBy: "itself", code: 3 });
});

test("what the container's init could not start is told by its last line", () => {
  const line = "[FATAL tini (7)] exec train.py failed: Permission denied";
  expect(exitOf(state(126), null, line, false)).toMatchObject({
    code: null,
    startError: { code: "EACCES", message: "exec train.py failed: Permission denied" },
  });
  expect(exitOf(state(127), null, "sh: x: not found", false)).toMatchObject({ code: 127 });
});
