import { type ErrorCode, GauntletError } from "../../shared/errors.ts";
import { shortId } from "../../shared/format.ts";
import type { CatalogModel } from "../catalog/models.ts";
import type { CoreContext } from "./context.ts";

/** What may be meant as an id, but is shorter than the ids that are shown. */
function isShortId(text: string): boolean {
  return /^[0-9a-z]{1,5}$/i.test(text);
}

/** The one item that a name or the end of an id means. Throws `missing`, or NAME_AMBIGUOUS. */
export function onlyOne<T extends { id: string; name: string }>(
  found: readonly T[],
  text: string,
  what: string,
  missing: ErrorCode,
): T {
  const [first, second] = found;
  if (!first)
    throw new GauntletError(missing, `There is no ${what} ${text}.`, {
      hint: isShortId(text) ? "An id is given by its last six letters or more." : undefined,
    });
  if (second)
    throw new GauntletError("NAME_AMBIGUOUS", `More than one ${what} is meant by ${text}.`, {
      hint: `Use an id: ${found.map(({ id, name }) => `${shortId(id)} (${name})`).join(", ")}.`,
    });
  return first;
}

/** A model by name or by the last letters of its id, six or more. Throws MODEL_NOT_FOUND and NAME_AMBIGUOUS. */
export function findModel({ catalog }: Pick<CoreContext, "catalog">, text: string): CatalogModel {
  return onlyOne(catalog.models.search(text), text, "model", "MODEL_NOT_FOUND");
}
