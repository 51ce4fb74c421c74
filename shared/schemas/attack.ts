import { z } from "zod";
import { commandSchema, entryPointSchema, nameSchema, parameterValueSchema } from "./scalars.ts";
import { normSchema } from "./threat-model.ts";

/**
 * What an attack may see of a model. Each level includes those after it:
 * white-box (logits and gradients), score-based (logits), decision-based (labels only).
 */
export const accessSchema = z.enum(["white-box", "score-based", "decision-based"]);
export type Access = z.infer<typeof accessSchema>;

/** One entry of `attacks.yaml`. */
export const attackSchema = z
  .strictObject({
    name: nameSchema,
    version: z
      .string()
      .regex(/^[0-9A-Za-z][0-9A-Za-z.+-]{0,39}$/, "such as 1.0.0")
      .describe("Raise it with every change: results name a version."),
    description: z.string().optional(),
    load: entryPointSchema
      .optional()
      .describe("FILE:FUNCTION of a JavaScript, TypeScript or Python file, such as ddn.ts:attack."),
    command: commandSchema.optional().describe("Any program and its arguments, instead of load."),
    norm: normSchema.describe("The norm that the attack minimises or keeps to."),
    access: accessSchema.describe(
      "What the attack sees of a model: gradients (white-box), scores or only labels.",
    ),
    targeted: z.boolean().default(false).describe("Whether it aims at a chosen wrong class."),
    minimal: z
      .boolean()
      .default(true)
      .describe("False for an attack that works at one fixed epsilon only."),
    reproducible: z
      .boolean()
      .default(true)
      .describe("False if results depend on batch size, threads or hardware."),
    options: z
      .record(z.string(), parameterValueSchema)
      .default({})
      .describe("Handed to the attack as they are."),
  })
  .refine((attack) => (attack.load === undefined) !== (attack.command === undefined), {
    path: ["load"],
    message: "give exactly one of load (FILE:FUNCTION) and command",
  });
export type Attack = z.infer<typeof attackSchema>;

/** `attacks.yaml`: the attacks that a folder of code offers. */
export const attackPackSchema = z.strictObject({
  attacks: z.array(attackSchema).min(1).describe("The attacks that this folder offers."),
});

/** `name@version`, how an attack is named everywhere. */
export function attackLabel(attack: { name: string; version: string }): string {
  return `${attack.name}@${attack.version}`;
}
