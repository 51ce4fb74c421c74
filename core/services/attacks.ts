import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseDocument } from "../../shared/document.ts";
import { GauntletError } from "../../shared/errors.ts";
import { formatProblems } from "../../shared/problems.ts";
import { type Attack, attackLabel, attackPackSchema } from "../../shared/schemas/attack.ts";
import type { AttackSet, CatalogAttack } from "../catalog/attacks.ts";
import type { TreeManifest } from "../domain/tree.ts";
import { listSourceFiles } from "../platform/source-files.ts";
import type { CoreContext } from "./context.ts";
import { attackSet, resolveAttacks } from "./evaluations.ts";

export const attackFileName = "attacks.yaml";

/**
 * Takes the attacks of a folder into the catalog. What is known already and unchanged is left as
 * it is. Throws ATTACKS_INVALID, ATTACK_CHANGED and CODE_TOO_LARGE; then nothing was added.
 */
export async function addAttacks(context: CoreContext, given: string): Promise<CatalogAttack[]> {
  const { artifacts, catalog, trees } = context;
  const folder = resolve(given);
  const definitions = await readAttacks(folder);
  return artifacts.keeping(async () => {
    const tree = await trees.put(folder, await listSourceFiles(folder));
    return catalog.transaction(() =>
      definitions.map((definition) => addAttack(context, definition, tree)),
    );
  });
}

function addAttack(
  { catalog }: CoreContext,
  definition: Attack,
  tree: TreeManifest,
): CatalogAttack {
  const label = attackLabel(definition);
  const known = catalog.attacks.find(label);
  if (!known) return catalog.attacks.add(definition, tree);
  const same =
    known.tree === tree.hash && JSON.stringify(known.definition) === JSON.stringify(definition);
  if (same) return known;
  throw new GauntletError("ATTACK_CHANGED", `${label} is known with other code or options.`);
}

async function readAttacks(folder: string): Promise<Attack[]> {
  const file = join(folder, attackFileName);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new GauntletError("ATTACKS_INVALID", `There is no ${attackFileName} in ${folder}.`, {
      hint: "See docs/attacks.md for a file to start from.",
      cause,
    });
  }
  const parsed = parseDocument(text, attackPackSchema, file);
  if (parsed.ok) return parsed.value.attacks;
  throw new GauntletError("ATTACKS_INVALID", `${attackFileName} has mistakes.`, {
    details: formatProblems(parsed.problems, text),
  });
}

/**
 * Saves an ordered set of attacks under a name with a date; activates it when asked.
 * Throws ATTACK_NOT_FOUND, and ATTACK_CHANGED when the name stands for another list: results are
 * compared by set, so a set never changes.
 */
export function saveAttackSet(
  context: CoreContext,
  set: { name: string; date: string; attacks: string[]; activate: boolean },
): AttackSet {
  const { catalog } = context;
  const attacks = resolveAttacks(context, set.attacks);
  return catalog.transaction(() => {
    const known = catalog.attacks.set(set.name);
    const ids = attacks.map(({ id }) => id);
    if (known && JSON.stringify(known.attacks.map(({ id }) => id)) !== JSON.stringify(ids))
      throw new GauntletError(
        "ATTACK_CHANGED",
        `The set ${set.name} exists and holds other attacks.`,
        { hint: "Give the new set a name of its own, such as one with its date." },
      );
    const id = known?.id ?? catalog.attacks.addSet(set.name, set.date, ids);
    if (set.activate) catalog.attacks.activate(id);
    return attackSet(context, set.name);
  });
}

/** Makes a set the active one. Throws ATTACK_SET_NOT_FOUND. */
export function activateAttackSet(context: CoreContext, name: string): AttackSet {
  const { catalog } = context;
  const set = attackSet(context, name);
  catalog.transaction(() => {
    catalog.attacks.activate(set.id);
    catalog.events.append("attack-set.activated", set.id, { name });
  });
  return attackSet(context, name);
}
