/**
 * The score of a model computed anew from what is stored, sharing no code with the core: its own
 * reading of .npy, its own distances, predictions and median. Used by the tests, and by hand.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";

type Predict = (x: Float32Array, n: number) => Promise<number[]>;

/** Data of a C-order little-endian .npy of version 1, as numbers. */
function readArray(file: string): Float64Array {
  const bytes = readFileSync(file);
  const start = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString("latin1", 10, start);
  const body = bytes.subarray(start);
  if (header.includes("'|u1'")) return Float64Array.from(body);
  if (!header.includes("'<f4'")) throw new Error(`unexpected array ${header}`);
  return Float64Array.from({ length: body.length / 4 }, (_, i) => body.readFloatLE(4 * i));
}

/**
 * Median over samples of the smallest L2 distance over all attacks that a model was evaluated
 * with; misclassified samples count 0, unbroken ones the largest possible distance.
 */
export async function recomputeScore(
  data: string,
  modelId: string,
  predict: Predict,
): Promise<{ score: number; perSample: number[] }> {
  const db = new Database(join(data, "catalog.sqlite"), { readonly: true });
  const evaluations = db
    .prepare<[string], { sha256: string; samples: string; folder: string }>(
      `SELECT f.sha256, t.sample_set_json AS samples, d.folder FROM evaluation e
       JOIN threat_model t ON t.id = e.threat_model_id JOIN dataset d ON d.id = t.dataset_id
       JOIN job j ON j.evaluation_id = e.id AND j.stage = 'evaluate'
       JOIN attempt a ON a.job_id = j.id AND a.number = j.attempt
       JOIN attempt_file f ON f.attempt_id = a.id AND f.path = 'out/adversarial.npy'
       WHERE e.model_id = ?`,
    )
    .all(modelId);
  db.close();
  const [first] = evaluations;
  if (!first) throw new Error("no evaluation");
  const { indexes } = JSON.parse(first.samples) as { indexes: number[] };
  const labels = readArray(join(first.folder, "test-labels.npy"));
  const images = readArray(join(first.folder, "test-images.npy"));
  const size = images.length / labels.length;
  const clean = indexes.flatMap((index) => [...images.subarray(index * size, (index + 1) * size)]);
  // Models see float32, and so do the distances start from what they saw.
  const x = Float32Array.from(clean, (value) => Math.fround(value / 255));
  const cleanPredictions = await predict(x, indexes.length);
  const perSample = indexes.map((index, row) => {
    if (cleanPredictions[row] !== labels[index]) return 0;
    let squares = 0;
    for (let i = row * size; i < (row + 1) * size; i++) {
      const value = x[i] ?? Number.NaN;
      squares += Math.max(value, 1 - value) ** 2;
    }
    return Math.sqrt(squares);
  });
  for (const { sha256 } of evaluations) {
    const adversarial = readArray(join(data, "artifacts", sha256.slice(0, 2), sha256));
    const predictions = await predict(Float32Array.from(adversarial), indexes.length);
    for (const [row, index] of indexes.entries()) {
      if (predictions[row] === labels[index]) continue;
      let squares = 0;
      for (let i = row * size; i < (row + 1) * size; i++)
        squares += ((adversarial[i] ?? Number.NaN) - (x[i] ?? Number.NaN)) ** 2;
      perSample[row] = Math.min(perSample[row] ?? Number.NaN, Math.sqrt(squares));
    }
  }
  const sorted = perSample.toSorted((a, b) => a - b);
  const middle = [
    sorted[Math.floor((sorted.length - 1) / 2)],
    sorted[Math.ceil((sorted.length - 1) / 2)],
  ];
  return { score: ((middle[0] ?? Number.NaN) + (middle[1] ?? Number.NaN)) / 2, perSample };
}
