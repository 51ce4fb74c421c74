import type { NameKind } from "../../shared/views.ts";
import { namesIn } from "../catalog/names.ts";
import { readCatalog } from "../catalog/read-only.ts";

/**
 * Names of a data folder that no core owns, or that one owns which does not answer; see namesIn.
 * Empty where the catalog is not there or not of this version.
 */
export function readNames(
  data: string,
  kind: NameKind,
  range: { prefix: string; limit: number },
): string[] {
  return readCatalog(data, (db) => namesIn(db, kind, range)) ?? [];
}
