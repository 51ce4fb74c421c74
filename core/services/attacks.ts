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
import { keepScores } from "./scores.ts";

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
      hint: "docs/guide/attacks.md has a file to start from.",
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
 * Saves an ordered set of attacks under a name with a date; activates it when asked. Models that
 * all its attacks are verified on have their scores when this is done.
 * Throws ATTACK_NOT_FOUND, ATTACKS_INVALID, and ATTACK_CHANGED when the name stands for another list
 * or date: results are compared by set, so a set never changes.
 */
export async function saveAttackSet(
  context: CoreContext,
  set: { name: string; date: string | null; attacks: string[]; activate: boolean },
): Promise<AttackSet> {
  const { catalog } = context;
  const attacks = resolveAttacks(context, set.attacks);
  const doubled = attacks.find(
    ({ id }, index) => attacks.findIndex((one) => one.id === id) < index,
  );
  if (doubled)
    throw new GauntletError(
      "ATTACKS_INVALID",
      `${attackLabel(doubled.definition)} is named twice.`,
      { hint: "A set holds an attack once." },
    );
  if (set.name === "active")
    throw new GauntletError("ATTACKS_INVALID", "A set cannot be named active.", {
      hint: "active means the set that is active; choose another name.",
    });
  const saved = catalog.transaction(() => {
    const known = catalog.attacks.set(set.name);
    const ids = attacks.map(({ id }) => id);
    const isOther =
      known &&
      ((set.date !== null && known.date !== set.date) ||
        JSON.stringify(known.attacks.map(({ id }) => id)) !== JSON.stringify(ids));
    if (isOther)
      throw new GauntletError(
        "ATTACK_CHANGED",
        `The set ${set.name} of ${known.date} exists and is another.`,
        { hint: "Give the new set a name of its own, such as one with its date." },
      );
    const today = new Date(context.clock.now()).toISOString().slice(0, 10);
    const id = known?.id ?? catalog.attacks.addSet(set.name, set.date ?? today, ids);
    if (set.activate) catalog.attacks.activate(id);
    return attackSet(context, set.name);
  });
  await keepScores(context, saved, context.closing);
  return saved;
}

/** Makes a set the active one, with the scores as above. Throws ATTACK_SET_NOT_FOUND. */
export async function activateAttackSet(context: CoreContext, name: string): Promise<AttackSet> {
  const { catalog } = context;
  const set = attackSet(context, name);
  catalog.transaction(() => {
    catalog.attacks.activate(set.id);
    catalog.events.append("attack-set.activated", set.id, { name });
  });
  await keepScores(context, set, context.closing);
  return attackSet(context, name);
}
