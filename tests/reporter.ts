/**
 * What a run of the tests ends with, after Vitest's own report: which parts of the world outside
 * were there (see tests/parts.ts), and as the very last line `N passed, N failed, N skipped`.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Reporter, SerializedError, TestModule } from "vitest/node";
import { partsFileVariable } from "./parts.ts";

type Counts = { passed: number; failed: number; skipped: number };

export default class SummaryReporter implements Reporter {
  /** A run that is broken off before its end has failed. */
  private counts: Counts = { passed: 0, failed: 1, skipped: 0 };
  private readonly folder = mkdtempSync(join(tmpdir(), "gauntlet-parts-"));
  private readonly partsFile = join(this.folder, "parts.jsonl");

  onInit(): void {
    // Test files run in processes of their own, which inherit this.
    process.env[partsFileVariable] = this.partsFile;
    process.once("exit", () => this.print());
  }

  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly SerializedError[],
    reason: "failed" | "interrupted" | "passed",
  ): void {
    this.counts = countTests(modules, unhandledErrors.length);
    // Among others when there was no test, or a run was interrupted between two tests.
    if (reason !== "passed" && this.counts.failed === 0) this.counts.failed = 1;
  }

  private print(): void {
    const { passed, failed, skipped } = this.counts;
    if (failed > 0 || passed + failed === 0) process.exitCode ||= 1;
    const total = `${passed} passed, ${failed} failed, ${skipped} skipped`;
    // At exit, so that nothing that is still running prints after it.
    process.stdout.write([...partLines(this.partsFile), total, ""].join("\n"));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A test file that fails as a whole, such as at import, counts as one failure, and so does an error outside of tests. */
function countTests(modules: readonly TestModule[], unhandledErrors: number): Counts {
  const counts: Counts = { passed: 0, failed: unhandledErrors, skipped: 0 };
  for (const module of modules) {
    counts.failed += module.errors().length;
    for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      // One that never came to an end was interrupted.
      counts[state === "pending" ? "failed" : state] += 1;
    }
  }
  return counts;
}

function partLines(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return []; // No test asked for a part.
  }
  return [...new Set(text.trim().split("\n"))]
    .map((line): { name: string; available: boolean; reason: string } => JSON.parse(line))
    .toSorted((left, right) => left.name.localeCompare(right.name, "en"))
    .map(
      ({ name, available, reason }) =>
        `part ${name}: ${available ? "used" : "SKIPPED"} (${reason})`,
    );
}
