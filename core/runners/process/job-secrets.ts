/** The secrets of a job: how they come to its supervisor, and from there to it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { GivenSecret } from "../../domain/ports.ts";
import { createRedactor, type Redactor } from "../../domain/redaction.ts";
import {
  makeSecretFolder,
  removeSecretFolder,
  secretFolder,
} from "../../platform/secret-folder.ts";

export type JobSecrets = {
  /** Puts files where the job finds them. Returns the variables that it is given. */
  place(): Record<string, string>;
  /** Keeps the values out of what is written. */
  redact(write: (chunk: Buffer) => void): Redactor;
  /** Takes the files away. */
  remove(): void;
};

/**
 * Reads what the runner writes to the supervisor's input. Throws when the runner has died before it
 * was done: nothing is claimed then, and launching again is safe.
 * @param folder the attempt's
 */
export function takeSecrets(count: number, folder: string): JobSecrets {
  const secrets = parse(readFileSync(0, "utf8"));
  if (secrets?.length !== count) throw new Error("the secrets of the job did not arrive");
  const filesFolder = secretFolder(folder);
  return {
    place() {
      const files = secrets.flatMap((secret) =>
        "file" in secret ? [[secret.file, secret.value] as const] : [],
      );
      if (files.length > 0) makeSecretFolder(filesFolder, Object.fromEntries(files));
      return Object.fromEntries(
        secrets.map((secret) =>
          "env" in secret
            ? [secret.env, secret.value]
            : [`${secret.name}_FILE`, join(filesFolder, secret.file)],
        ),
      );
    },
    redact: (write) =>
      createRedactor(
        secrets.map(({ value }) => value),
        write,
      ),
    remove: () => removeSecretFolder(filesFolder),
  };
}

/** Null for what is cut off. A parser's own error would tell a piece of it. */
function parse(text: string): GivenSecret[] | null {
  try {
    // The runner has checked it, and nobody else has this pipe.
    return JSON.parse(text) as GivenSecret[];
  } catch {
    return null;
  }
}
