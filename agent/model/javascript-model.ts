/** A model loaded into this process from JavaScript or TypeScript. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { GauntletError } from "../../shared/errors.ts";
import { hasFunction, loadFunction, toFloat32 } from "../javascript.ts";
import type { RunFolder } from "../run-folder.ts";
import type { ModelSource } from "./model.ts";
import { ModelError } from "./model.ts";

/**
 * Calls the function `name` of `file` in in/code with the path of in/model. It answers
 * `{ logits(x, n), vjp?(x, d, n) }`, which answer float32 values or promises of them.
 * @throws GauntletError MODEL_INVALID
 */
export async function loadJavaScriptModel(
  entry: { file: string; name: string },
  folder: RunFolder,
): Promise<ModelSource> {
  const load = await loadFunction(pathToFileURL(join(folder.code, entry.file)), entry.name);
  if (!load) throw invalid(`${entry.file} exports no function named ${entry.name}.`);
  const model: unknown = await load(folder.model);
  if (!hasFunction(model, "logits"))
    throw invalid(`What ${entry.name} of ${entry.file} returned has no function logits.`);
  const logits = keepingInput("logits", (x, n) => model.logits(x, n));
  const vjp = hasFunction(model, "vjp")
    ? keepingInput("vjp", (x, n, d) => model.vjp(x, d, n))
    : null;
  return {
    logits,
    vjp: vjp && ((x, d, n) => vjp(x, n, d)),
    gone: () => null,
    close: () => Promise.resolve(),
  };
}

/**
 * A model that changes the array it is given would change the attack's samples. Its first call tells:
 * one comparison instead of a copy of every call's input.
 */
function keepingInput(
  call: string,
  ask: (x: Float32Array, n: number, d?: Float32Array) => unknown,
) {
  let checked = false;
  return async (x: Float32Array, n: number, d?: Float32Array): Promise<Float32Array> => {
    const before = checked ? null : x.slice();
    const values = toFloat32(await ask(x, n, d));
    if (!values) throw new ModelError(`The model's ${call} did not return a Float32Array.`);
    if (before?.some((value, i) => !Object.is(value, x[i])))
      throw new ModelError(`The model's ${call} changes the array it is given; let it copy first.`);
    checked = true;
    return values;
  };
}

function invalid(message: string): GauntletError {
  return new GauntletError("MODEL_INVALID", message);
}
