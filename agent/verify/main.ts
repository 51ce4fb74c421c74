/**
 * The program of a `verify` job: GAUNTLET_RUN_DIR=FOLDER node agent/verify/main.ts
 *
 * Looks at in/evaluation/ (samples.jsonl and adversarial.npy of the evaluation) and leaves
 * out/verified.jsonl, one line per sample of the sample set in its order, and out/summary.json.
 */
import { runProgram } from "../program.ts";
import { verify } from "./verification.ts";

await runProgram(verify);
