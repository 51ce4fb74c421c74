/** Runs a sweep through the `gauntlet` command and kills what runs, at random moments, to its end. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identityOf, isSameProcess, signalProcess } from "../../core/platform/process-identity.ts";
import { startCli } from "../support/cli.ts";
import { checkAfterCrash, checkAtTheEnd, type Hits, type Seen } from "./checks.ts";
import { createProgress, steps, type Progress } from "./progress.ts";
import { familyOf, killFamily, reusePids, type Attached, type Family } from "./victims.ts";
import { cells, worldVariable, type World } from "./world.ts";

const targets = ["engine", "supervisor", "job", "engine and supervisor", "everything"] as const;
export type Target = (typeof targets)[number];

/** How often each target is aimed at, in the order of `targets`. */
const shares = [0.4, 0.15, 0.15, 0.15, 0.15];

/** Most changes to wait for before a kill; the number is drawn so that small ones are frequent. */
const mostChanges = 90;
/** Changes in which a step is waited for before the kill comes without it. */
const stepPatience = 90;
/** Wait between two looks, and between two looks for a target that is not there yet, ms. */
const interval = 5;
const absence = 50;
/** Longest wait after them, ms: to fall between two changes as well. */
const longestDelay = 30;
/** Time without any change after which a sweep hangs, ms. Not a limit on its speed. */
const patience = 120_000;
/** More kills would use up the retries of its jobs. */
const mostKills = 25;

export type Report = {
  kills: Map<Target, number>;
  /** What is wrong, with when it was found. */
  wrong: string[];
  /** Every kill, in order. */
  story: string[];
};

type Owner = {
  pid: number;
  /** Exit status, once it has ended. */
  status: number | null | undefined;
  ended: Promise<unknown>;
  output: string;
};

/**
 * One sweep under at most `kills` kills, with all checks. `random` gives numbers in [0, 1).
 * `watchers`: further `gauntlet wait` commands that take over when the owner dies.
 */
export async function sweepUnderFire(
  world: World,
  random: () => number,
  kills: number,
  watchers: number,
): Promise<Report> {
  const report: Report = { kills: new Map(), wrong: [], story: [] };
  const hits: Hits = new Map();
  const foreign = spawn("sleep", ["3600"], { stdio: "ignore", detached: true });
  if (foreign.pid === undefined) throw new Error("sleep did not start");
  const stranger = await identityOf(foreign.pid);
  if (!stranger) throw new Error("sleep is gone");
  const look = createProgress(world);
  const commands: Owner[] = [];
  let seen: Seen | null = null;
  let submitted = false;
  let left = Math.min(kills, mostKills);

  const alive = () => commands.filter(({ status }) => status === undefined);

  function startCommands(): void {
    if (!submitted) {
      if (alive().length === 0) commands.push(startOwner(world, ["sweep", world.experiment]));
      return;
    }
    while (alive().length < 1 + watchers) commands.push(startOwner(world, ["wait"]));
  }

  /** Looks at what a dead owner has left, unless another one has already taken over. */
  function afterDeath(): void {
    if (alive().length > 0) return;
    const found = checkAfterCrash(world, seen);
    if (commands.some(({ output }) => output.includes("queued")) && found.seen.runs !== cells)
      found.wrong.push(`a sweep of ${cells} cells was reported, ${found.seen.runs} are there`);
    if (found.wrong.length > 0) report.story.push(`wrong: ${found.wrong.join("; ")}`);
    report.wrong.push(...found.wrong);
    seen = found.seen;
    submitted = seen.runs > 0;
  }

  try {
    startCommands();
    while (alive().length > 0) {
      const target = choose(random);
      const family = left > 0 ? await reach(world, target, look, random, alive) : null;
      if (family) {
        submitted ||= existsSync(join(world.data, "jobs"));
        const done = await kill(world, family, target, random, ownerOf(world, alive()), hits);
        report.kills.set(target, (report.kills.get(target) ?? 0) + 1);
        report.story.push(`after ${look().count} changes: ${target} ${done}`);
        left--;
        await settle(commands);
        if (target === "everything" && random() < 0.7)
          report.story.push(`pids reused in ${reusePids(world, stranger)} attempts`);
      } else if (left === 0) {
        await untilNextEnd(look, alive());
      }
      await settle(commands);
      // A command that succeeded has seen all work done: the others only have to say so too.
      if (commands.some(({ status }) => status === 0)) {
        await Promise.all(alive().map(({ ended }) => ended));
        break;
      }
      afterDeath();
      startCommands();
    }
    // The last kill may have hit a command whose work was done.
    const last = startOwner(world, ["wait"]);
    await last.ended;
    report.story.push(`ended after ${look().count} changes`);
    if (last.status !== 0)
      report.wrong.push(`gauntlet wait ended with ${last.status}: ${last.output}`);
    report.wrong.push(...(await checkAtTheEnd(world, hits)));
    if (!(await isSameProcess(stranger))) report.wrong.push("a stranger's process was killed");
    const errors = join(world.data, "logs", "errors.jsonl");
    if (report.wrong.length > 0 && existsSync(errors))
      report.story.push(readFileSync(errors, "utf8"));
    return report;
  } finally {
    await killFamily(world);
    foreign.kill("SIGKILL");
  }
}

function startOwner(world: World, args: readonly string[]): Owner {
  const child = startCli(args, world.data, undefined, { [worldVariable]: world.folder });
  if (child.pid === undefined) throw new Error("gauntlet did not start");
  const owner: Owner = {
    pid: child.pid,
    status: undefined,
    output: "",
    ended: once(child, "close").then(([status]) => {
      owner.status = typeof status === "number" ? status : null;
    }),
  };
  const hear = (chunk: Buffer) => (owner.output += chunk.toString("utf8"));
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  return owner;
}

/** The command that owns the data folder, else any. */
function ownerOf({ data }: World, alive: readonly Owner[]): Owner | undefined {
  let pid: unknown;
  try {
    pid = (JSON.parse(readFileSync(join(data, "owner.json"), "utf8")) as { pid?: unknown }).pid;
  } catch {
    // Not written yet, or half: any command is a victim.
  }
  return alive.find((owner) => owner.pid === pid) ?? alive[0];
}

/**
 * Waits for a random number of changes, mostly for a certain step after them, and a little more,
 * and until there is such a target. Returns who lives then; null when the commands ended before.
 */
async function reach(
  world: World,
  target: Target,
  look: () => Progress,
  random: () => number,
  alive: () => readonly Owner[],
): Promise<Family | null> {
  const step = random() < 0.6 ? (steps[Math.floor(random() * steps.length)] ?? null) : null;
  let before = look().count;
  const goal = before + Math.floor(random() ** 2 * mostChanges);
  const delay = random() ** 2 * longestDelay;
  let deadline = performance.now() + patience;
  for (;;) {
    if (alive().length === 0) return null;
    const { count, fresh } = look();
    if (count > before) deadline = performance.now() + patience;
    if (performance.now() > deadline) throw new Error("the sweep hangs");
    before = count;
    if (count >= goal && (step === null || fresh.has(step) || count > goal + stepPatience)) {
      await sleep(delay);
      const family = await familyOf(world);
      if (isThere(target, family)) return family;
      await sleep(absence);
    }
    await sleep(interval);
  }
}

function isThere(target: Target, { supervisors, jobs }: Family): boolean {
  switch (target) {
    case "engine":
    case "everything":
      return true;
    case "supervisor":
    case "engine and supervisor":
      return supervisors.length > 0;
    case "job":
      return jobs.length > 0;
  }
}

/** Waits until one of the commands has ended by itself. */
async function untilNextEnd(look: () => Progress, alive: readonly Owner[]): Promise<void> {
  let before = look().count;
  for (;;) {
    const waiting = Promise.race(alive.map(({ ended }) => ended).concat(sleep(patience, "late")));
    const result = await waiting;
    const now = look().count;
    if (result !== "late") return;
    if (now === before) throw new Error("the sweep hangs");
    before = now;
  }
}

/** Those that were just killed are told apart from those that live on. */
async function settle(commands: readonly Owner[]): Promise<void> {
  for (const command of commands) {
    if (command.status !== undefined) continue;
    const identity = await identityOf(command.pid);
    if (!identity || !(await isSameProcess(identity))) await command.ended;
  }
}

function choose(random: () => number): Target {
  let rest = random();
  const index = shares.findIndex((share) => (rest -= share) < 0);
  return targets[index] ?? "everything";
}

async function kill(
  world: World,
  family: Family,
  target: Target,
  random: () => number,
  owner: Owner | undefined,
  hits: Hits,
): Promise<string> {
  const hit = (what: "supervisor" | "job", { folder }: Attached) =>
    hits.set(folder, (hits.get(folder) ?? new Set()).add(what));
  const one = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const end = (what: "supervisor" | "job", victim: Attached | undefined): string => {
    if (!victim) return "";
    hit(what, victim);
    signalProcess(victim.pid, "SIGKILL");
    return victim.folder.slice(world.data.length);
  };
  const endOwner = () => {
    if (owner) signalProcess(owner.pid, "SIGKILL");
  };
  switch (target) {
    case "engine":
      endOwner();
      return "";
    case "supervisor":
      return end("supervisor", one(family.supervisors));
    case "job":
      return end("job", one(family.jobs));
    case "engine and supervisor": {
      const [first, second] = random() < 0.5 ? [endOwner, null] : [null, endOwner];
      first?.();
      const folder = end("supervisor", one(family.supervisors));
      second?.();
      return folder;
    }
    case "everything":
      return `${await killFamily(world, ({ supervisors, jobs }) => {
        for (const supervisor of supervisors) hit("supervisor", supervisor);
        for (const job of jobs) hit("job", job);
      })} processes`;
  }
}
