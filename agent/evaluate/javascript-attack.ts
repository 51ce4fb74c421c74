/**
 * An attack loaded into this process from JavaScript or TypeScript. The gate keeps it to its access
 * and its budget as long as it asks through `task.model`; it is no sandbox. What an attack says is
 * believed only once a verify job has asked the model.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { uniformGenerator } from "../../core/domain/seed.ts";
import { GauntletError } from "../../shared/errors.ts";
import type { AttackTask } from "../attack-interface.ts";
import { loadFunction, toFloat32 } from "../javascript.ts";
import type { RunFolder } from "../run-folder.ts";
import type { AttackRunner } from "./attack-runner.ts";

/** Loads function `name` of `file` in in/attack. @throws GauntletError ATTACKS_INVALID */
export async function loadJavaScriptAttack(
  entry: { file: string; name: string },
  folder: RunFolder,
): Promise<AttackRunner> {
  const attack = await loadFunction(pathToFileURL(join(folder.attack, entry.file)), entry.name);
  if (!attack)
    throw new GauntletError(
      "ATTACKS_INVALID",
      `${entry.file} exports no function named ${entry.name}.`,
    );
  return {
    attack: async (batch, gate) => {
      const task: AttackTask = {
        model: {
          logits: (x, rows) => gate.logits(x, rows),
          predict: (x, rows) => gate.predict(x, rows),
          vjp: (x, d, rows) => gate.vjp(x, d, rows),
        },
        // Copies: the gate measures against its own.
        x: batch.x.slice(),
        labels: batch.labels.slice(),
        shape: [...batch.shape],
        bounds: [...batch.bounds],
        classes: batch.classes,
        epsilon: batch.epsilon,
        options: batch.options,
        random: (i) => {
          const seed = batch.seeds[i];
          if (seed === undefined) throw new RangeError(`random(${i}): no such sample in the batch`);
          return uniformGenerator(seed);
        },
      };
      const rows = toFloat32(await attack(task));
      if (!rows) throw new TypeError("The attack did not return a Float32Array.");
      if (rows.length === batch.x.length) return rows;
      throw new TypeError(
        `The attack returned ${rows.length} values; ${batch.x.length}, as many as x has, are right.`,
      );
    },
    close: () => Promise.resolve(),
  };
}
