/** Calling an attack, whatever it is made of. */
import type { Attack } from "../../shared/schemas/attack.ts";
import type { ParameterValue } from "../../shared/schemas/scalars.ts";
import { parseEntryPoint } from "../run-folder.ts";
import type { RunFolder } from "../run-folder.ts";
import type { Gate } from "./gate.ts";

/** Correctly classified samples that are attacked together; see AttackTask for the fields. */
export type Batch = {
  /** Sample ids, one seed each. */
  ids: string[];
  seeds: number[];
  /** n*D, n. */
  x: Float32Array;
  labels: Int32Array;
  shape: number[];
  bounds: [number, number];
  classes: number;
  epsilon: number | null;
  options: Record<string, ParameterValue>;
};

/** An attack failed in a program of its own, which has told the log why: no stack of ours helps. */
export class AttackError extends Error {
  override readonly name = "AttackError";
}

export type AttackRunner = {
  /**
   * Attacks a batch through its gate and gives n*D rows that nobody else holds. Rejects with
   * whatever went wrong in the attack; the next batch may be tried all the same.
   */
  attack(batch: Batch, gate: Gate): Promise<Float32Array>;
  close(): Promise<void>;
};

/** Loads or starts the attack. @throws GauntletError ATTACKS_INVALID; what the user's code throws */
export async function openAttack(attack: Attack, folder: RunFolder): Promise<AttackRunner> {
  if (attack.command) {
    const { commandAttack } = await import("./command-attack.ts");
    return commandAttack(attack.command, folder);
  }
  const entry = parseEntryPoint(attack.load ?? "");
  if (entry.file.endsWith(".py")) {
    const { startPythonAttack } = await import("./python-attack.ts");
    return startPythonAttack(entry, folder);
  }
  const { loadJavaScriptAttack } = await import("./javascript-attack.ts");
  return loadJavaScriptAttack(entry, folder);
}
