import { setTimeout as sleep } from "node:timers/promises";
import type { Progress } from "../shared/views.ts";
import { formatCount, formatDuration } from "../shared/format.ts";
import { visible } from "../shared/visible.ts";
import { dim, printLine, styledState } from "./terminal.ts";
import type { Session } from "./session.ts";

const interval = 200;

export type FollowResult = { progress: Progress; interrupted: boolean };

/**
 * Watches runs and evaluations until all have ended: a block that is drawn anew on a terminal,
 * plain lines elsewhere, nothing when `quiet`. Ctrl-C ends the watching; what runs goes on.
 */
export async function follow(
  session: Session,
  what: { runs: string[]; evaluations: string[] },
  quiet: boolean,
): Promise<FollowResult> {
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  const display = quiet ? silent : process.stdout.isTTY ? liveBlock() : plainLines();
  const runs = new Map<string, Run>();
  const evaluations = new Map<string, Evaluation>();
  let since: number | null = null;
  try {
    for (;;) {
      const asked = performance.now();
      const news = await session.callAgain((client) =>
        client.work.progress({ ...what, since, troubled: troubledOf(runs, evaluations) }),
      );
      for (const run of news.runs) runs.set(run.id, run);
      for (const evaluation of news.evaluations) evaluations.set(evaluation.id, evaluation);
      since = news.seq;
      const progress = {
        ...news,
        runs: [...runs.values()],
        evaluations: [...evaluations.values()],
      };
      display(progress);
      if (progress.done || interrupted) return { progress, interrupted };
      // A core that is busy with a large answer is asked less often.
      await sleep(Math.max(interval, 10 * (performance.now() - asked)));
    }
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

function troubledOf(...all: ReadonlyMap<string, { condition: string | null }>[]): string[] {
  return all.flatMap((rows) => [...rows].flatMap(([id, { condition }]) => (condition ? [id] : [])));
}

function silent(): void {
  // --json prints the result alone.
}

type Run = Progress["runs"][number];
type Evaluation = Progress["evaluations"][number];

function stateOf(run: Run): string {
  if (run.state !== "running" && run.state !== "queued") return run.state;
  return run.stage && run.jobState ? `${run.stage} ${run.jobState}` : run.state;
}

function titleOf({ name, label }: { name: string; label: string }): string {
  return label === "" ? visible(name) : `${visible(name)}  ${visible(label)}`;
}

function noteOf(run: Run): string {
  if (run.condition) return visible(run.condition);
  if (run.reason) return visible(run.reason);
  const accuracy = run.summary["accuracy"];
  return typeof accuracy === "number" ? `accuracy ${(accuracy * 100).toFixed(1)} %` : "";
}

function plainLines(): (progress: Progress) => void {
  const seen = new Map<string, string>();
  const started = performance.now();
  const say = (id: string, title: string, state: string, note: string) => {
    const text = `${title}  ${state}${note === "" ? "" : `  ${note}`}`;
    if (seen.get(id) === text) return;
    seen.set(id, text);
    printLine(`${formatDuration(performance.now() - started).padStart(12)}  ${text}`);
  };
  return ({ runs, evaluations }) => {
    for (const run of runs) {
      const ended = run.state !== "queued" && run.state !== "running";
      const note = run.condition || ended ? noteOf(run) : "";
      if (run.state !== "queued") say(run.id, titleOf(run), stateOf(run), note);
    }
    for (const { id, model, attack, state, reason, condition } of evaluations)
      if (state !== "queued" && state !== "verifying")
        say(id, `${visible(model)} × ${visible(attack)}`, state, condition ?? reason ?? "");
  };
}

function liveBlock(): (progress: Progress) => void {
  let height = 0;
  const started = performance.now();
  return (progress) => {
    const width = process.stdout.columns;
    const lines = blockOf(progress, performance.now() - started, process.stdout.rows - 2);
    const up = height > 0 ? `\u001b[${height}A` : "";
    const text = lines.map((line) => `\u001b[2K${cut(line, width)}\n`).join("");
    process.stdout.write(`${up}\u001b[0J${text}`);
    height = lines.length;
  };
}

function blockOf(progress: Progress, elapsed: number, rows: number): string[] {
  const { runs, evaluations, counts } = progress;
  // A long sweep shows what moves and what failed; what waits or is done is only counted.
  const room = Math.max(5, rows - 8);
  const shown =
    runs.length <= room
      ? runs
      : runs.filter(({ state }) => state === "running" || state === "failed").slice(-room);
  const widest = Math.max(0, ...shown.map((run) => titleOf(run).length));
  const lines = shown.map((run) => {
    const since =
      run.startedAt === null ? "" : formatDuration((run.endedAt ?? Date.now()) - run.startedAt);
    const state = styledState(stateOf(run).padEnd(16));
    return `  ${titleOf(run).padEnd(widest)}  ${state}  ${since.padStart(12)}  ${noteOf(run)}`;
  });
  if (shown.length < runs.length) {
    const parts = Object.entries(counts.runs).map(([state, number]) => `${number} ${state}`);
    lines.push(`  ${formatCount(runs.length, "run")}: ${parts.join(", ")}`);
  }
  if (evaluations.length > 0) lines.push("", ...evaluationLines(evaluations));
  return [...lines.slice(0, Math.max(5, rows)), dim(`  ${formatDuration(elapsed)}`)];
}

function evaluationLines(evaluations: readonly Evaluation[]): string[] {
  const byState = Map.groupBy(evaluations, ({ state }) => state);
  const count = (state: Evaluation["state"]) => byState.get(state)?.length ?? 0;
  const active = evaluations.filter(({ state }) => state === "attacking" || state === "verifying");
  const parts = [
    `${count("verified")} of ${formatCount(evaluations.length, "evaluation")} verified`,
  ];
  if (count("failed") > 0) parts.push(`${count("failed")} failed`);
  if (count("cancelled") > 0) parts.push(`${count("cancelled")} cancelled`);
  return [
    `  ${parts.join(", ")}`,
    ...active.map(
      ({ model, attack, state, condition }) =>
        `  ${visible(model)} × ${visible(attack)}  ${styledState(state)}  ${visible(condition ?? "")}`,
    ),
  ];
}

/** A line that wraps would spoil the redrawing. Escape sequences take no room. */
function cut(line: string, width: number): string {
  let seen = 0;
  let result = "";
  // Escape sequences are what is looked for.
  for (const piece of line.split(/(\u001b\[\d+m)/)) {
    if (piece.startsWith("\u001b")) result += piece;
    else {
      result += piece.slice(0, Math.max(0, width - 1 - seen));
      seen += piece.length;
    }
  }
  return result;
}
