import { GauntletError } from "../../shared/errors.ts";
import type { Experiment } from "../../shared/schemas/experiment.ts";
import { didYouMean } from "../../shared/suggest.ts";
import type { CoreContext } from "./context.ts";

/** Throws SECRET_MISSING where an experiment asks for a secret that is not set. */
export async function requireSecrets(
  { secrets }: Pick<CoreContext, "secrets">,
  { name, image, secrets: wanted = {} }: Pick<Experiment, "name" | "image" | "secrets">,
): Promise<void> {
  const ofBuild = typeof image === "object" ? (image.secrets ?? []) : [];
  const names = [...new Set([...Object.keys(wanted), ...ofBuild])];
  // Who asks for none must not fail for a file that cannot be read.
  if (names.length === 0) return;
  const known = new Set((await secrets.list()).map((secret) => secret.name));
  const missing = names.filter((one) => !known.has(one));
  if (missing.length === 0) return;
  throw new GauntletError(
    "SECRET_MISSING",
    missing.length === 1
      ? `The experiment ${name} asks for the secret ${missing[0]}, which is not set.`
      : `The experiment ${name} asks for secrets that are not set: ${missing.join(", ")}.`,
    { hint: `${missing.map((one) => `gauntlet secrets set ${one}`).join("; ")}.` },
  );
}

/** Throws SECRET_NOT_FOUND. Jobs that run keep what they were given. */
export async function removeSecret(
  { secrets }: Pick<CoreContext, "secrets">,
  name: string,
): Promise<{ name: string }> {
  if (await secrets.remove(name)) return { name };
  const names = (await secrets.list()).map((secret) => secret.name);
  throw new GauntletError("SECRET_NOT_FOUND", `There is no secret ${JSON.stringify(name)}.`, {
    hint: didYouMean(name, names) ?? undefined,
  });
}
