/**
 * Writes the JSON Schemas that editors check users' files with, from the zod schemas that Gauntlet
 * reads those files with: `node scripts/json-schema.ts`. A test fails when they are stale.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { attackPackSchema } from "../shared/schemas/attack.ts";
import { experimentSchema } from "../shared/schemas/experiment.ts";
import { jobFileSchema } from "../shared/schemas/run-folder.ts";
import { sampleRecordSchema } from "../shared/schemas/samples.ts";

const sources = [
  {
    name: "gauntlet",
    title: "gauntlet.yaml",
    description: "An experiment: how it is trained, tested, asked and attacked.",
    schema: experimentSchema,
  },
  {
    name: "attacks",
    title: "attacks.yaml",
    description: "The attacks that a folder of code offers.",
    schema: attackPackSchema,
  },
  {
    name: "sample-record",
    title: "A line of out/samples.jsonl",
    description:
      "What an evaluation claims of one sample. Distances are on the input's bounds, and null where no adversarial was found.",
    schema: sampleRecordSchema,
  },
  {
    name: "job",
    title: "job.json",
    description: "All that a program is told about its job, in the run folder.",
    schema: jobFileSchema,
  },
];

/** Every schema as the text of its file, by absolute path. */
export function jsonSchemaFiles(): { path: string; text: string }[] {
  return sources.map(({ name, title, description, schema }) => {
    const { $schema, ...rest } = z.toJSONSchema(schema, {
      // What a user writes, before defaults and units are applied; the draft that editors know.
      io: "input",
      target: "draft-7",
      override: ({ jsonSchema }) => tidy(jsonSchema),
    });
    const $id = `urn:gauntlet:schema:${name}`;
    return {
      path: fileURLToPath(new URL(`../resources/schema/${name}.schema.json`, import.meta.url)),
      text: `${JSON.stringify({ $schema, $id, title, description, ...rest }, null, 2)}\n`,
    };
  });
}

function tidy(schema: z.core.JSONSchema.BaseSchema): void {
  // The limits of exact integers say nothing to a user.
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  const properties = schema.properties ?? {};
  // Rules between properties are code in zod and would be lost.
  for (const other of ["serve", "command"])
    if ("load" in properties && other in properties)
      schema.oneOf = [{ required: ["load"] }, { required: [other] }];
}

if (import.meta.main)
  for (const { path, text } of jsonSchemaFiles()) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
