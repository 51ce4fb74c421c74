/** Asks NVIDIA's driver through its program `nvidia-smi`, or the one that GAUNTLET_NVIDIA_SMI names. */
import { runProgram } from "./run-program.ts";

/** A driver that hangs, as one with a lost GPU does, is not waited for longer, ms. */
const patience = 5000;

/**
 * Runs nvidia-smi and returns what it printed. Rejects where it is absent, fails, or has not
 * answered after 5 s.
 */
export function askNvidiaSmi(args: readonly string[]): Promise<string> {
  const program = process.env["GAUNTLET_NVIDIA_SMI"] ?? "nvidia-smi";
  return runProgram(program, args, { timeout: patience });
}

/** The rows of nvidia-smi's `csv,noheader,nounits`, as trimmed fields; empty lines are left out. */
export function nvidiaRows(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => line.split(",").map((field) => field.trim()));
}

/** A field as a number; null for `[N/A]` and the like. */
export function nvidiaNumber(field: string | undefined): number | null {
  return field !== undefined && /^\d+(\.\d+)?$/.test(field) ? Number(field) : null;
}

/** A field in MiB as bytes; null for `[N/A]` and the like. */
export function nvidiaBytes(field: string | undefined): number | null {
  const amount = nvidiaNumber(field);
  return amount === null ? null : amount * 2 ** 20;
}
