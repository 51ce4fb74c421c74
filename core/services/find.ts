import { type ErrorCode, GauntletError } from "../../shared/errors.ts";
import { shortId } from "../../shared/format.ts";

/** The one item that a name or the end of an id means. Throws `missing`, or NAME_AMBIGUOUS. */
export function onlyOne<T extends { id: string; name: string }>(
  found: readonly T[],
  text: string,
  what: string,
  missing: ErrorCode,
): T {
  const [first, second] = found;
  if (!first) throw new GauntletError(missing, `There is no ${what} ${text}.`);
  if (second)
    throw new GauntletError("NAME_AMBIGUOUS", `More than one ${what} is meant by ${text}.`, {
      hint: `Use an id: ${found.map(({ id, name }) => `${shortId(id)} (${name})`).join(", ")}.`,
    });
  return first;
}
