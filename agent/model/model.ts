/** Asking a model, whatever it is made of. */
import type { ModelInterface } from "../../shared/schemas/experiment.ts";
import { parseEntryPoint } from "../run-folder.ts";
import type { RunFolder } from "../run-folder.ts";

/** The model under test could not answer, or not as its contract says. */
export class ModelError extends Error {
  override readonly name = "ModelError";
}

/** What a way of loading a model provides. `n` samples are n*D values, row-major. */
export type ModelSource = {
  /** n*K logits. */
  logits(x: Float32Array, n: number): Promise<Float32Array>;
  /** n*D: the gradient by x of sum(d * logits(x)), d being n*K; null: it has no gradients. */
  vjp: ((x: Float32Array, d: Float32Array, n: number) => Promise<Float32Array>) | null;
  /** Why the model can never answer again, or null. */
  gone(): string | null;
  close(): Promise<void>;
};

/** A model whose answers have the right number of values; it is asked one thing at a time. */
export type Model = ModelSource & { readonly classes: number };

/**
 * Loads or starts the model of a job.
 * @param size D, the number of values of one sample
 * @param classes K, the number of classes of the dataset: the model must have as many
 * @throws GauntletError MODEL_INVALID, PYTHON_MISSING; ModelError; what the user's code throws
 */
export async function openModel(
  model: ModelInterface,
  folder: RunFolder,
  size: number,
  classes: number,
): Promise<Model> {
  const source = await openSource(model, folder, classes);
  // One call at a time: models with workers or buffers of their own need not be re-entrant.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(call: () => Promise<T>): Promise<T> => {
    const turn = last.then(call, call);
    last = turn.catch(() => undefined);
    return turn;
  };
  const { vjp } = source;
  return {
    classes,
    logits: (x, n) =>
      inTurn(async () => expectValues("logits", await source.logits(x, n), n, classes)),
    vjp: vjp
      ? (x, d, n) => inTurn(async () => expectValues("vjp", await vjp(x, d, n), n, size))
      : null,
    gone: () => source.gone(),
    close: () => source.close(),
  };
}

async function openSource(
  model: ModelInterface,
  folder: RunFolder,
  classes: number,
): Promise<ModelSource> {
  // Imported when needed: most jobs need one of them, and starting is most of a small job's time.
  if (model.serve) {
    const { serveModel } = await import("./served-model.ts");
    return serveModel(model.serve, folder.code, classes, model.input.shape);
  }
  const entry = parseEntryPoint(model.load ?? "");
  if (entry.file.endsWith(".py")) {
    const { hostPythonModel } = await import("./python-model.ts");
    return hostPythonModel(entry, folder, classes, model.input.shape);
  }
  const { loadJavaScriptModel } = await import("./javascript-model.ts");
  return loadJavaScriptModel(entry, folder);
}

function expectValues(call: string, values: Float32Array, n: number, each: number): Float32Array {
  if (values.length === n * each) return values;
  throw new ModelError(
    `The model's ${call} gave ${values.length} values for ${n} samples; ${n} x ${each} are right.`,
  );
}
