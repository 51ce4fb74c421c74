/** What all benchmarks share: how figures are said, kept and summed up. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** One measured figure; `reach` is the number that docs and design ask for, as text. */
export type Figure = { key: string; value: number; unit: string; reach?: string };

const resultsFolder = fileURLToPath(new URL("../../bench-results", import.meta.url));

/** Prints the figures as a table, or with `--json` as one JSON object, and keeps them as a file. */
export function report(benchmark: string, figures: readonly Figure[]): void {
  const result = {
    benchmark,
    date: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? "unknown",
      cpus: cpus().length,
      memory: totalmem(),
      node: process.version,
    },
    figures: Object.fromEntries(figures.map(({ key, value }) => [key, value])),
    units: Object.fromEntries(figures.map(({ key, unit }) => [key, unit])),
  };
  mkdirSync(resultsFolder, { recursive: true });
  writeFileSync(join(resultsFolder, `${benchmark}.json`), `${JSON.stringify(result, null, 2)}\n`);
  if (process.argv.includes("--json")) {
    console.log(JSON.stringify(result));
    return;
  }
  const width = Math.max(...figures.map(({ key }) => key.length));
  const lines = figures.map(({ key, value, unit, reach }) => {
    const text = value.toLocaleString("en", { maximumSignificantDigits: 4 });
    return `${key.padEnd(width)}  ${text.padStart(12)} ${unit.padEnd(9)} ${reach ? `reach ${reach}` : ""}`;
  });
  console.log([`benchmark ${benchmark}`, ...lines.map((line) => line.trimEnd()), ""].join("\n"));
}

/** The value below which the share `q` (0 to 1) of the values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
