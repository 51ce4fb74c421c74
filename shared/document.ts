import type { z } from "zod";
import { maximumProblems, type Problem } from "./problems.ts";
import { checkSchema } from "./schema-problems.ts";
import { type Finding, readYaml, type YamlSource } from "./yaml-source.ts";

export type ParsedDocument<T> =
  /** `source` places the problems that later checks find. */
  { ok: true; value: T; source: YamlSource } | { ok: false; problems: [Problem, ...Problem[]] };

/**
 * Reads a YAML 1.2 document (JSON is one too) and checks it against a schema. Every problem has a
 * line, a column and the offending text, and a suggestion where what was meant can be guessed; at
 * most 100 are given, in the order of the file. `text` is at most 1 MiB, decoded from UTF-8;
 * `fileName` is only printed. Never throws for what stands in the file.
 */
export function parseDocument<S extends z.ZodType>(
  text: string,
  schema: S,
  fileName: string,
): ParsedDocument<z.output<S>> {
  const yaml = readYaml(text, fileName);
  if (!yaml.ok) return yaml;
  const checked = checkSchema(schema, yaml.source.data);
  if (checked.ok) return { ok: true, value: checked.value, source: yaml.source };
  const [first, ...rest] = placed(checked.findings, yaml.source);
  if (!first) throw new Error("a schema refused a document without saying why");
  return { ok: false, problems: [first, ...rest] };
}

/** Findings as problems, in the order of the file. */
export function placed(findings: readonly Finding[], source: YamlSource): Problem[] {
  return findings
    .slice(0, maximumProblems)
    .map((finding) => source.problemAt(finding))
    .sort((a, b) => a.line - b.line || a.column - b.column);
}
