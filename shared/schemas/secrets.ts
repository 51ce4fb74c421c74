import { z } from "zod";
import { longestSecret } from "../secret-limits.ts";

/** Most secrets that one experiment may ask for. */
export const mostSecrets = 64;

/** What may be a secret's name and, where none is given, its variable's. */
export const secretNameSchema = z
  .string()
  .regex(
    /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]{0,99}$/,
    "use letters, digits and '_', at most 100 of them",
  );

export const secretValueSchema = z
  .string()
  .min(1, "a secret must not be empty")
  .max(longestSecret, `a secret has at most ${longestSecret} characters`)
  .refine((value) => !value.includes("\0"), "a secret must be text without NUL");

const useSchema = z
  .strictObject({
    env: secretNameSchema
      .optional()
      .describe("The variable that holds the value. Default: the secret's name."),
    file: z
      .string()
      .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/, "a file's name without a folder")
      .optional()
      .describe("Name of a file with the value; NAME_FILE tells the job its path."),
  })
  .refine(({ env, file }) => env === undefined || file === undefined, {
    path: ["file"],
    message: "give env or file, not both",
  });

/** `secrets` of `gauntlet.yaml`: names alone, never values. */
export const secretsSchema = z
  .record(secretNameSchema, useSchema)
  .superRefine((secrets, context) => {
    const issue = (path: string[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    const names = Object.keys(secrets);
    if (names.length > mostSecrets) issue([], `at most ${mostSecrets} secrets`);
    const taken = new Set<string>();
    for (const use of secretUses(secrets)) {
      const variable = variableOf(use);
      if (/^(GAUNTLET_.*|PATH|CUDA_VISIBLE_DEVICES)$/.test(variable))
        issue([use.name], `${variable} is set by Gauntlet: name another variable with env`);
      const files = "file" in use ? [`file ${use.file}`] : [];
      for (const place of [`variable ${variable}`, ...files]) {
        if (taken.has(place)) issue([use.name], `another secret has the ${place}`);
        taken.add(place);
      }
    }
  });
export type Secrets = z.infer<typeof secretsSchema>;

/** How one secret reaches a job: as a variable, or as a file whose path `NAME_FILE` tells. */
export type SecretUse = { name: string } & ({ env: string } | { file: string });

export function secretUses(secrets: Secrets = {}): SecretUse[] {
  return Object.entries(secrets).map(([name, { env, file }]) =>
    file === undefined ? { name, env: env ?? name } : { name, file },
  );
}

/** The variable that a job finds the value, or the path of its file, in. */
export function variableOf(use: SecretUse): string {
  return "env" in use ? use.env : `${use.name}_FILE`;
}

/** What is told of a secret: never its value. */
export const secretViewSchema = z.object({
  name: secretNameSchema,
  /** When its value was given, milliseconds since 1970. */
  setAt: z.number(),
});
export type SecretView = z.infer<typeof secretViewSchema>;

/** The file that they are kept in. */
export const secretFileSchema = z.object({
  schema: z.literal(1),
  secrets: z.record(
    secretNameSchema,
    z.union([
      z.strictObject({ setAt: z.number(), value: z.string() }),
      z.strictObject({ setAt: z.number(), sealed: z.string() }),
    ]),
  ),
});
export type KeptSecrets = z.infer<typeof secretFileSchema>["secrets"];
