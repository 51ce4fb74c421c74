import { z } from "zod";
import { maximumProblems } from "./problems.ts";
import { describeValue, keysAt, schemasAt, valueAt } from "./schema-walk.ts";
import { parameterSchema } from "./schemas/experiment.ts";
import { commandSchema, durationSchema, sizeSchema } from "./schemas/scalars.ts";
import { shellWords, yamlFlowList } from "./shell-words.ts";
import { didYouMean } from "./suggest.ts";
import { suggestDuration, suggestSize } from "./units.ts";
import { excerpt } from "./visible.ts";
import type { DocumentPath, Finding } from "./yaml-source.ts";

type Issue = z.core.$ZodIssue;

/**
 * Checks `data` against a schema and says in a user's words what is wrong, with a suggestion where
 * the schema tells what was meant.
 */
export function checkSchema<S extends z.ZodType>(
  schema: S,
  data: unknown,
): { ok: true; value: z.output<S> } | { ok: false; findings: Finding[] } {
  const result = schema.safeParse(data, { error: wordIssue });
  if (result.success) return { ok: true, value: result.data };
  const issues = result.error.issues.slice(0, maximumProblems);
  const found = issues.flatMap((issue) => findingsOf(schema, data, issue, []));
  // A misspelt key is also a missing one: saying it twice would only confuse.
  const meant = new Set(found.flatMap(({ instead }) => (instead ? [instead] : [])));
  return {
    ok: false,
    findings: found.filter(({ missing }) => missing === undefined || !meant.has(missing)),
  };
}

/** `missing`: the path of an absent key; `instead`: of the key that a misspelt one stands for. */
type Found = Finding & { missing?: string; instead?: string };

/** Words for what the schemas give no message of their own; undefined leaves zod's. */
function wordIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${nameOfType(issue.expected)}, got ${describeValue(issue.input)}`;
    case "invalid_value":
      return `expected ${oneOf(issue.values)}, got ${describeValue(issue.input)}`;
    case "too_small":
      return wordLimit(issue.inclusive === false ? "more than" : "at least", issue.minimum, issue);
    case "too_big":
      return wordLimit(issue.inclusive === false ? "less than" : "at most", issue.maximum, issue);
    default:
      return undefined;
  }
}

function wordLimit(bound: string, limit: number | bigint, issue: { origin: string }): string {
  if (issue.origin === "array") return `this list must have ${bound} ${limit} items`;
  if (issue.origin === "string") return `this text must have ${bound} ${limit} characters`;
  return `this must be ${bound} ${limit}`;
}

function nameOfType(expected: string): string {
  const names: Record<string, string> = {
    string: "text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
    array: "a list",
    tuple: "a list",
    object: "a mapping (key: value)",
    record: "a mapping (key: value)",
  };
  return names[expected] ?? expected;
}

function oneOf(values: readonly unknown[]): string {
  const [only] = values;
  if (values.length === 1) return `\`${String(only)}\``;
  return `one of ${values.map((value) => `\`${String(value)}\``).join(", ")}`;
}

function findingsOf(schema: z.ZodType, data: unknown, issue: Issue, base: DocumentPath): Found[] {
  const path = [
    ...base,
    ...issue.path.map((step) => (typeof step === "number" ? step : String(step))),
  ];
  const value = valueAt(data, path);
  if (issue.code === "unrecognized_keys")
    return issue.keys.slice(0, maximumProblems).map((key) => unknownKey(schema, data, path, key));
  if (value === undefined && issue.code !== "custom") return [missingKey(issue, path)];
  if (issue.code === "invalid_key") {
    const [inner] = issue.issues;
    return [{ path, on: "key", message: inner?.message ?? issue.message }];
  }
  if (issue.code === "invalid_union") {
    const branch = likeliestBranch(issue.errors);
    if (branch) return branch.flatMap((inner) => findingsOf(schema, data, inner, path));
    return [{ path, message: unionMessage(issue, value), suggestion: suggest(schema, data, path) }];
  }
  if (path.length === 0 && value === null)
    return [
      { path, message: "this file is empty", suggestion: knownHere(keysAt(schema, [], data)) },
    ];
  const options = issue.code === "invalid_value" ? issue.values.map(String) : [];
  const near = typeof value === "string" ? didYouMean(value, options) : null;
  return [{ path, message: issue.message, suggestion: near ?? suggest(schema, data, path) }];
}

function unknownKey(schema: z.ZodType, data: unknown, path: DocumentPath, key: string): Found {
  const known = keysAt(schema, path, data);
  const suggestion = didYouMean(key, known);
  const instead = known.find((name) => suggestion === `did you mean \`${name}\`?`);
  return {
    path: [...path, key],
    on: "key",
    message: `unknown key \`${excerpt(key)}\``,
    suggestion: suggestion ?? knownHere(known),
    instead: instead === undefined ? undefined : JSON.stringify([...path, instead]),
  };
}

function knownHere(keys: readonly string[]): string | null {
  if (keys.length === 0) return null;
  return `known here: ${keys.map((name) => `\`${name}\``).join(", ")}`;
}

function missingKey(issue: Issue, path: DocumentPath): Found {
  const options =
    issue.code === "invalid_value"
      ? issue.values
      : issue.code === "invalid_union" && "options" in issue
        ? (issue.options ?? [])
        : [];
  return {
    path,
    message: `\`${String(path.at(-1) ?? "content")}\` is missing`,
    suggestion: options.length > 0 ? `give ${oneOf(options)}` : null,
    missing: JSON.stringify(path),
  };
}

/** The alternative whose kind of value fits, so that what is said is about its details. */
function likeliestBranch(branches: readonly Issue[][]): Issue[] | null {
  const fitting = branches.filter((issues) => issues.every(isDetail));
  fitting.sort((a, b) => a.length - b.length);
  return fitting[0] ?? null;
}

function isDetail(issue: Issue): boolean {
  return issue.path.length > 0 || issue.code === "unrecognized_keys";
}

function unionMessage(issue: z.core.$ZodIssueInvalidUnion, value: unknown): string {
  if ("options" in issue && issue.options)
    return `expected ${oneOf(issue.options)}, got ${describeValue(value)}`;
  const expected = issue.errors.flatMap(([first]) =>
    first?.code === "invalid_type" ? [nameOfType(first.expected)] : [],
  );
  if (expected.length === 0) return issue.message;
  return `expected ${[...new Set(expected)].join(" or ")}, got ${describeValue(value)}`;
}

/** What the value was probably meant to be, from the kind of value that the schema wants there. */
function suggest(schema: z.ZodType, data: unknown, path: DocumentPath): string | null {
  const value = valueAt(data, path);
  const wanted = schemasAt(schema, path, data);
  const wants = (type: z.core.$ZodType) => wanted.some((one) => one._zod.def === type._zod.def);
  const wantsKind = (kind: string) => wanted.some((one) => one._zod.def.type === kind);
  if (wants(commandSchema) && typeof value === "string") return suggestCommand(value);
  if (typeof value === "string" || typeof value === "number") {
    if (wants(durationSchema)) return suggestDuration(String(value));
    if (wants(sizeSchema)) return suggestSize(String(value));
  }
  const parent = schemasAt(schema, path.slice(0, -1), data);
  if (parent.some((one) => one._zod.def === commandSchema._zod.def)) return quoteArgument(value);
  if (parent.some(isParameters)) return suggestParameter(value);
  if (typeof value === "string") {
    if (wantsKind("number") && value.trim() !== "" && Number.isFinite(Number(value)))
      return `write it without quotes: \`${Number(value)}\``;
    if (wantsKind("boolean") && /^(yes|on|y|true|no|off|n|false)$/i.test(value))
      return `write \`${/^(yes|on|y|true)$/i.test(value)}\``;
    const pair = wantsKind("object") ? /^(\w+):(\S.*)$/.exec(value) : null;
    if (pair) return `put a space after the colon: \`${pair[1]}: ${excerpt(pair[2] ?? "")}\``;
    const near = discriminators(wanted, value);
    if (near) return near;
  }
  if (wantsKind("string") && (typeof value === "number" || typeof value === "boolean"))
    return `put it in quotes: \`"${value}"\``;
  if (wantsKind("array") && (typeof value === "string" || typeof value === "number"))
    return `make it a list: \`${yamlFlowList([String(value)])}\``;
  return null;
}

function discriminators(wanted: readonly z.core.$ZodType[], value: string): string | null {
  const literals = wanted.flatMap((one) =>
    one instanceof z.core.$ZodLiteral ? one._zod.def.values.map(String) : [],
  );
  return didYouMean(value, literals);
}

const longestCommand = 500;

function suggestCommand(line: string): string {
  const words = line.length <= longestCommand ? shellWords(line) : null;
  if (words) return `write a list: \`${yamlFlowList(words)}\``;
  return "commands run without a shell: put the line into a script and write `[sh, run.sh]`";
}

function isParameters(schema: z.core.$ZodType): boolean {
  return (
    schema instanceof z.core.$ZodRecord &&
    schema._zod.def.valueType._zod.def === parameterSchema._zod.def
  );
}

/** For `learning_rate: 0.1`, where a type is wanted too. */
function suggestParameter(value: unknown): string | null {
  const isWhole = Number.isSafeInteger(value);
  const type = { number: isWhole ? "integer" : "float", boolean: "boolean", string: "text" }[
    String(typeof value)
  ];
  if (type === undefined) return null;
  return `write \`{ type: ${type}, default: ${excerpt(JSON.stringify(value))} }\``;
}

function quoteArgument(value: unknown): string | null {
  if (typeof value === "boolean" || value === null) return `put it in quotes: \`"${value}"\``;
  const [name] = typeof value === "object" && !Array.isArray(value) ? Object.keys(value) : [];
  return name === undefined ? null : `put it in quotes: \`"{${excerpt(name)}}"\``;
}
