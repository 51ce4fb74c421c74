import { expect, test } from "vitest";
import type { EvaluationView, RunDetail } from "../../../shared/views.ts";
import { isOver, stepsOf, weakestGate } from "./progress.ts";

type State = RunDetail["state"];

/** A run with these stages behind it and evaluations in these states. */
function run(
  state: State,
  stages: [stage: "train" | "test", state: RunDetail["attempts"][number]["state"]][],
  evaluations: [EvaluationView["state"], median: number | null][] = [],
): RunDetail {
  const made: Pick<RunDetail, "state"> & { attempts: unknown[]; evaluations: unknown[] } = {
    state,
    attempts: stages.map(([stage, each]) => ({ stage, state: each })),
    evaluations: evaluations.map(([each, median], index) => ({
      attack: `attack-${index}@1`,
      state: each,
      facts: median === null ? null : { median },
    })),
  };
  return made as RunDetail;
}

test("each step counts what has ended well, and says what is under way", () => {
  const runs = [
    run(
      "succeeded",
      [
        ["train", "failed"],
        ["train", "succeeded"],
        ["test", "succeeded"],
      ],
      [
        ["verified", 1],
        ["verifying", null],
      ],
    ),
    run("running", [["train", "collecting"]]),
  ];
  expect(stepsOf(runs, 4, 0)).toEqual([
    { title: "Train", done: 1, of: 4, state: "running" },
    { title: "Test", done: 1, of: 4, state: "queued" },
    { title: "Attack and verify", done: 1, of: 20, state: "running" },
    { title: "Score", done: 0, of: 4, state: "queued" },
  ]);
  expect(stepsOf(runs, 1, 1).at(-1)?.state).toBe("succeeded");
});

test("it is over when every cell has a run, and nothing of any goes on", () => {
  const ended = run("succeeded", [], [["verified", 1]]);
  expect(isOver([ended, run("failed", [])], 2)).toBe(true);
  expect(isOver([ended], 2)).toBe(false);
  expect(isOver([ended, run("running", [])], 2)).toBe(false);
  expect(isOver([run("succeeded", [], [["attacking", null]])], 1)).toBe(false);
});

test("the weakest gate has the smallest median of those that are known", () => {
  const { evaluations } = run(
    "succeeded",
    [],
    [
      ["verified", 2],
      ["verified", 0.5],
      ["attacking", null],
    ],
  );
  expect(weakestGate(evaluations)).toBe("attack-1@1");
  expect(weakestGate([])).toBeNull();
});
