import { GauntletError } from "../../../shared/errors.ts";
import { excerpt } from "../../../shared/visible.ts";

/** A file of a source that is cut off, is no such file, or claims what cannot be. */
export function damaged(file: string, what: string, cause?: unknown): GauntletError {
  return new GauntletError("DATASET_SOURCE_DAMAGED", `${excerpt(file, 300)} ${what}.`, { cause });
}

/** A source whose files are whole, but that makes no dataset. */
export function unusable(sentence: string, hint: string): GauntletError {
  return new GauntletError("DATASET_INVALID", sentence, { hint });
}
