import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** All that training needs to go on as if it had never stopped. */
export interface Checkpoint {
  /** Epochs that are done. */
  epoch: number;
  parameters: Float64Array;
  optimiser: Float64Array;
}

/** Writes out/checkpoint/state.json. A reader finds the old one or the new one, never a half. */
export function writeCheckpoint(runFolder: string, checkpoint: Checkpoint): void {
  const folder = join(runFolder, "out", "checkpoint");
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify({
    epoch: checkpoint.epoch,
    parameters: encode(checkpoint.parameters),
    optimiser: encode(checkpoint.optimiser),
  });
  // Outside the folder, so that a stop in between leaves nothing half-written in it.
  const unfinished = join(runFolder, "out", "checkpoint.unfinished");
  writeFileSync(unfinished, text);
  renameSync(unfinished, join(folder, "state.json"));
}

/**
 * The checkpoint that an earlier attempt left, found in in/resume/; null on the first attempt.
 *
 * @throws Error when it is not a checkpoint of this network and optimiser.
 */
export function readCheckpoint(
  runFolder: string,
  lengths: { parameters: number; optimiser: number },
): Checkpoint | null {
  const file = join(runFolder, "in", "resume", "state.json");
  if (!existsSync(file)) return null;
  const { epoch, parameters, optimiser } = JSON.parse(readFileSync(file, "utf8"));
  const checkpoint = { epoch, parameters: decode(parameters), optimiser: decode(optimiser) };
  if (
    !Number.isInteger(epoch) ||
    checkpoint.parameters.length !== lengths.parameters ||
    checkpoint.optimiser.length !== lengths.optimiser
  )
    throw new Error(`${file} does not fit this network and optimiser`);
  return checkpoint;
}

// Base64 of the bytes: decimal text would be three times as long.
function encode(values: Float64Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}

function decode(text: unknown): Float64Array {
  return new Float64Array(new Uint8Array(Buffer.from(String(text), "base64")).buffer);
}
