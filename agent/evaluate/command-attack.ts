/** An attack that is any program: it reads files, asks the model over HTTP, and leaves files. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeNpy, encodeNpy, NpyError } from "../../shared/npy.ts";
import { startChild } from "../child.ts";
import type { RunFolder } from "../run-folder.ts";
import type { AttackRunner, Batch } from "./attack-runner.ts";
import { AttackError } from "./attack-runner.ts";
import { floatRows, startGateServer } from "./gate-server.ts";

/** Runs `command` in in/attack, once, with all samples that are attacked. */
export function commandAttack(command: readonly string[], folder: RunFolder): AttackRunner {
  return {
    attack: async (batch, gate) => {
      await writeSamples(folder.attackSamples, batch);
      await mkdir(folder.attackOut, { recursive: true });
      const server = await startGateServer(batch.shape);
      try {
        server.use(gate);
        const child = startChild(command, {
          cwd: folder.attack,
          env: {
            GAUNTLET_RUN_DIR: folder.root,
            GAUNTLET_MODEL_URL: server.url,
            GAUNTLET_MODEL_TOKEN: server.token,
          },
          stdio: ["ignore", "inherit", "inherit"],
        });
        const ending = await child.ended;
        if (!ending.ok) throw new AttackError(`The attack's program ${ending.words}.`);
      } finally {
        server.close();
      }
      return await readResult(join(folder.attackOut, "adversarial.npy"), batch);
    },
    close: () => Promise.resolve(),
  };
}

async function writeSamples(folder: string, batch: Batch): Promise<void> {
  const { ids, seeds, x, labels, shape, bounds, classes, epsilon, options } = batch;
  await mkdir(folder, { recursive: true });
  const images = encodeNpy({ dtype: "<f4", shape: [ids.length, ...shape], data: x });
  await writeFile(join(folder, "x.npy"), images);
  const classLabels = encodeNpy({ dtype: "<i4", shape: [ids.length], data: labels });
  await writeFile(join(folder, "labels.npy"), classLabels);
  const task = { ids, seeds, shape, bounds, classes, epsilon, options };
  await writeFile(join(folder, "task.json"), JSON.stringify(task));
}

async function readResult(path: string, batch: Batch): Promise<Float32Array> {
  try {
    const rows = floatRows(decodeNpy(await readFile(path)), batch.shape);
    if (rows.length === batch.x.length) return rows;
    throw new NpyError(`It has ${rows.length} values; ${batch.x.length}, as many as x, are right.`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new AttackError(`The attack left no usable out/attack/adversarial.npy: ${why}`, {
      cause: error,
    });
  }
}
