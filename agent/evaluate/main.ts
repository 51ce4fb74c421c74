/**
 * The program of an `evaluate` job: GAUNTLET_RUN_DIR=FOLDER node agent/evaluate/main.ts
 *
 * Leaves out/samples.jsonl, out/adversarial.npy, out/summary.json and out/metrics.jsonl. Ends with 0
 * when the attack ended without an error for at least one group of samples.
 */
import { runProgram } from "../program.ts";
import { evaluate } from "./evaluation.ts";

await runProgram(evaluate);
