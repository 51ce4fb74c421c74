import { z } from "zod";

/**
 * Checks data against the part of JSON Schema (draft 7) that the published schemas use. It does
 * not know where they come from, and a keyword it does not know is an error, so that nothing
 * passes unlooked-at.
 */
export type JsonSchema = { [keyword: string]: unknown };

/** What does not fit, each as `path: what`; empty when all does. */
export function violations(schema: JsonSchema, data: unknown, path = ""): string[] {
  return Object.entries(schema).flatMap(([keyword, rule]) => {
    if (annotations.has(keyword)) return [];
    const check = keywords[keyword];
    if (!check) throw new Error(`the validator does not know ${keyword}`);
    return check(rule, data, path, schema);
  });
}

const annotations = new Set(["$schema", "$id", "title", "description", "default"]);

type Check = (rule: unknown, data: unknown, path: string, schema: JsonSchema) => string[];

const schemaRule = z.record(z.string(), z.unknown());
const schemaList = z.array(schemaRule);
const schemaMap = z.record(z.string(), schemaRule);
const names = z.array(z.string());

const fails = (bad: boolean, path: string, what: string) => (bad ? [`${path}: ${what}`] : []);

function isObject(data: unknown): data is Record<string, unknown> {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}

function typeOf(data: unknown): string {
  if (data === null) return "null";
  return Array.isArray(data) ? "array" : typeof data;
}

/** A limit on numbers, or with `ofLength` on the length of lists. */
function limit(name: string, bad: (value: number, limit: number) => boolean, ofLength = false) {
  return (rule: unknown, data: unknown, path: string) => {
    const value = ofLength && Array.isArray(data) ? data.length : data;
    const applies = ofLength === Array.isArray(data) && typeof value === "number";
    return fails(applies && bad(value, z.number().parse(rule)), path, name);
  };
}

function matching(rule: unknown, data: unknown): number {
  return schemaList.parse(rule).filter((schema) => violations(schema, data).length === 0).length;
}

const keywords: Record<string, Check> = {
  minimum: limit("minimum", (value, least) => value < least),
  maximum: limit("maximum", (value, most) => value > most),
  exclusiveMinimum: limit("exclusiveMinimum", (value, least) => value <= least),
  minItems: limit("minItems", (length, least) => length < least, true),
  maxItems: limit("maxItems", (length, most) => length > most, true),
  type: (rule, data, path) => {
    const types = names.parse([rule].flat());
    const isInteger = types.includes("integer") && Number.isInteger(data);
    const bad = !types.includes(typeOf(data)) && !isInteger;
    return fails(bad, path, `type is not ${types.join(" or ")}`);
  },
  enum: (rule, data, path) =>
    fails(!z.array(z.unknown()).parse(rule).includes(data), path, "not one of the values"),
  const: (rule, data, path) => fails(rule !== data, path, `not ${String(rule)}`),
  pattern: (rule, data, path) => {
    const pattern = new RegExp(z.string().parse(rule), "u");
    return fails(typeof data === "string" && !pattern.test(data), path, "pattern");
  },
  items: (rule, data, path) => {
    if (!Array.isArray(data)) return [];
    const schemaOf = (index: number) =>
      Array.isArray(rule) ? schemaList.parse(rule)[index] : schemaRule.parse(rule);
    return data.flatMap((item: unknown, index) =>
      violations(schemaOf(index) ?? {}, item, `${path}/${index}`),
    );
  },
  // Stands only beside a list of items, where maxItems says the same.
  additionalItems: () => [],
  required: (rule, data, path) =>
    isObject(data)
      ? names.parse(rule).flatMap((key) => fails(!Object.hasOwn(data, key), path, `no ${key}`))
      : [],
  properties: (rule, data, path) => {
    if (!isObject(data)) return [];
    return Object.entries(schemaMap.parse(rule)).flatMap(([key, schema]) =>
      Object.hasOwn(data, key) ? violations(schema, data[key], `${path}/${key}`) : [],
    );
  },
  propertyNames: (rule, data, path) => {
    const keys = isObject(data) ? Object.keys(data) : [];
    return keys.flatMap((key) => violations(schemaRule.parse(rule), key, `${path}/${key}`));
  },
  additionalProperties: (rule, data, path, schema) => {
    if (!isObject(data)) return [];
    const known = schemaMap.parse(schema["properties"] ?? {});
    return Object.keys(data).flatMap((key) => {
      const place = `${path}/${key}`;
      if (Object.hasOwn(known, key)) return [];
      return rule === false
        ? [`${place}: unknown`]
        : violations(schemaRule.parse(rule), data[key], place);
    });
  },
  anyOf: (rule, data, path) => fails(matching(rule, data) === 0, path, "fits no alternative"),
  oneOf: (rule, data, path) => fails(matching(rule, data) !== 1, path, "fits not exactly one"),
};
