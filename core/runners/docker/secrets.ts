/**
 * The secrets of a job in a container. What is in a container's settings can be read by whoever may
 * ask the engine, for as long as it stands, and is written to the engine's disk. So they are files in
 * the memory of this machine, which the container sees through a mount: settings, image and layers
 * hold its path alone.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { GauntletError } from "../../../shared/errors.ts";
import type { SecretUse } from "../../../shared/schemas/secrets.ts";
import type { GivenSecret } from "../../domain/ports.ts";
import { type Container, statusOf } from "../../platform/docker/client.ts";
import { isErrno } from "../../platform/errno.ts";
import { makeSecretFolder, secretFolder } from "../../platform/secret-folder.ts";

/** Where a job in a container finds them. */
export const secretsInside = "/run/gauntlet";
const filesInside = "secrets";
const variablesFile = "env";

/** The part of an attempt's secret folder that its container sees. */
export function mountedSecrets(attemptFolder: string): string {
  return join(secretFolder(attemptFolder), "inside");
}

const valuesSchema = z.array(z.string());

function valuesFile(attemptFolder: string): string {
  return join(secretFolder(attemptFolder), "values.json");
}

/** Puts them where the container is to see them, and beside that the values that the log is without. */
export function placeSecrets(attemptFolder: string, secrets: readonly GivenSecret[]): void {
  const inside = (path: string, text: string) => [join("inside", path), text] as const;
  const variables = secrets.flatMap((secret) =>
    "env" in secret ? [`export ${secret.env}=${quoted(secret.value)}\n`] : [],
  );
  makeSecretFolder(
    secretFolder(attemptFolder),
    Object.fromEntries([
      ["values.json", JSON.stringify(secrets.map(({ value }) => value))],
      inside(variablesFile, variables.join("")),
      ...secrets.flatMap((secret) =>
        "file" in secret ? [inside(join(filesInside, secret.file), secret.value)] : [],
      ),
    ]),
  );
}

/** The values of an attempt's secrets; null when they are gone, as after a restart of the machine. */
export async function placedValues(attemptFolder: string): Promise<string[] | null> {
  try {
    return valuesSchema.parse(JSON.parse(await readFile(valuesFile(attemptFolder), "utf8")));
  } catch (error) {
    if (isErrno(error) || error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}

/** Variables that tell where the files are: no secrets themselves. */
export function secretPaths(secrets: readonly GivenSecret[]): Record<string, string> {
  return Object.fromEntries(
    secrets.flatMap((secret) =>
      "file" in secret
        ? [[`${secret.name}_FILE`, `${secretsInside}/${filesInside}/${secret.file}`]]
        : [],
    ),
  );
}

const shell = "/bin/sh";

/**
 * Throws IMAGE_WITHOUT_SHELL where secrets are asked for as variables in an image that has nothing to
 * put them there. Without the refusal the engine would name a program that is in no gauntlet.yaml.
 * @param image its name
 * @param look whether it has a shell; asked only where it needs one
 */
export async function requireShell(
  image: string,
  secrets: readonly SecretUse[],
  look: () => Promise<boolean>,
): Promise<void> {
  const variables = secrets.filter((secret) => "env" in secret);
  if (variables.length === 0 || (await look())) return;
  throw new GauntletError(
    "IMAGE_WITHOUT_SHELL",
    `The image ${image} has no ${shell}, which puts secrets into variables: ${variables.map(({ name }) => name).join(", ")}.`,
  );
}

/**
 * Whether a container has a shell, started or not. True where it would not say: its end will.
 * @param abortSignal ends the asking, for an engine that hangs
 */
export async function hasShell(
  container: Pick<Container, "infoArchive">,
  abortSignal?: AbortSignal,
): Promise<boolean> {
  try {
    const answer = await container.infoArchive({
      path: shell,
      ...(abortSignal && { abortSignal }),
    });
    answer.resume(); // Without a body, and the connection is kept until that is read.
    return true;
  } catch (error) {
    if (statusOf(error) === null) throw error;
    return statusOf(error) !== 404;
  }
}

/** As the container's init says it, so that a program that is not there is told in the same way. */
const notFound = `echo "[gauntlet] exec $1 failed: No such file or directory" >&2; exit 127`;
const wrapper = `. ${secretsInside}/${variablesFile} && { command -v "$1" >/dev/null || { ${notFound}; }; } && exec "$@"`;

/** The command that takes secrets into its environment and becomes `program`; needs a /bin/sh. */
export function wrapped(program: string, secrets: readonly GivenSecret[]): string[] {
  const hasVariables = secrets.some((secret) => "env" in secret);
  return hasVariables ? [shell, "-c", wrapper, "gauntlet", program] : [program];
}

/** A word of a shell that stands for exactly this text. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
