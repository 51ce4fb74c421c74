/** Reads what the jobs of tests/fixtures/crash said of themselves. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const lineSchema = z.looseObject({
  kind: z.string(),
  stage: z.string(),
  from: z.number().optional(),
  cell: z.object({ width: z.number(), seed: z.number() }).optional(),
  intent: z.number().optional(),
  done: z.number().optional(),
});

/** What one attempt said. */
export type Witness = {
  job: string;
  attempt: number;
  stage: string;
  cell: { width: number; seed: number } | null;
  /** First line that it had to write, 0 unless it went on from a checkpoint. */
  from: number;
  /** Lines of metrics up to which writing began, and up to which it certainly ended. */
  points: { intent: number; done: number };
  /** The same for its checkpoint; null when none was begun or ended. */
  checkpoint: { intent: number | null; done: number | null };
  /** Numbers of the reports that were written whole. */
  reports: number[];
  finished: boolean;
  /** Everything that must not be, such as `overlap`, as the witness wrote it. */
  complaints: string[];
};

const expected = new Set(["begin", "points", "checkpoint", "report", "finished"]);

/** All attempts that ever began, by `JOB.ATTEMPT`. */
export function readJournal(folder: string): Map<string, Witness> {
  const names = readdirSync(folder).toSorted();
  return new Map(
    names.map((name) => {
      const key = name.replace(/\.jsonl$/, "");
      return [key, witnessOf(key, readFileSync(join(folder, name), "utf8"))];
    }),
  );
}

/** Bytes of all journals: grows with every step of any job. */
export function journalSize(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

function witnessOf(key: string, text: string): Witness {
  const [job = "", attempt = ""] = key.split(".");
  // A line that a kill cut off was not said.
  const lines = text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter(Boolean);
  const said = lines.map((line) => lineSchema.parse(JSON.parse(line)));
  const first = said.find(({ kind }) => kind === "begin");
  const from = first?.from ?? 0;
  const last = (kind: string, which: "intent" | "done") =>
    said.findLast((line) => line.kind === kind && line[which] !== undefined)?.[which];
  return {
    job,
    attempt: Number(attempt),
    stage: said[0]?.stage ?? "",
    cell: first?.cell ?? null,
    from,
    points: { intent: last("points", "intent") ?? from, done: last("points", "done") ?? from },
    checkpoint: {
      intent: last("checkpoint", "intent") ?? null,
      done: last("checkpoint", "done") ?? null,
    },
    reports: said.filter(({ kind }) => kind === "report").flatMap(({ done }) => done ?? []),
    finished: said.some(({ kind }) => kind === "finished"),
    complaints: lines.filter((_, index) => !expected.has(said[index]?.kind ?? "")),
  };
}
