import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  parseDocument as parseYaml,
} from "yaml";
import { maximumProblems, positionAt, type Problem, problemIn } from "./problems.ts";
import { excerpt } from "./visible.ts";
import { syntaxProblems, unreadable } from "./yaml-syntax.ts";

/** YAML aliases may repeat nodes this often; more is an attack or an accident. */
const maximumAliases = 100;
const tooManyAliases = `aliases repeat parts of this file more than ${maximumAliases} times`;

const maximumDepth = 100;

export type DocumentPath = readonly (string | number)[];

/** What a check says about a place of a document. */
export type Finding = {
  path: DocumentPath;
  message: string;
  suggestion?: string | null;
  /** Points to the key, or to the value; default: a scalar's value, a collection's key. */
  on?: "key" | "value";
  /** Text inside the value to point to, such as one placeholder of an argument. */
  within?: string;
};

/** A parsed YAML document that knows where everything stands. */
export type YamlSource = {
  /** Plain data: mappings, lists, text, numbers, booleans, null. */
  data: unknown;
  problemAt(finding: Finding): Problem;
};

export type YamlResult =
  | { ok: true; source: YamlSource }
  | { ok: false; problems: [Problem, ...Problem[]] };

/** Reads one YAML 1.2 document, or says what about the text or its syntax is wrong. */
export function readYaml(text: string, fileName: string): YamlResult {
  const problem = unreadable(text, fileName);
  if (problem) return { ok: false, problems: [problem] };
  const body = text.replace(/^\uFEFF/, "");
  // Duplicate keys are looked for below: the library compares every pair of keys.
  const document = parseYaml(body, {
    prettyErrors: false,
    uniqueKeys: false,
    stringKeys: true,
    resolveKnownTags: false,
  });
  const syntax = syntaxProblems(body, fileName, [...document.errors, ...document.warnings]);
  if (isFilled(syntax)) return { ok: false, problems: syntax };
  const structure = structureProblems(body, fileName, document);
  if (isFilled(structure)) return { ok: false, problems: structure };
  const problemAt = (finding: Finding) => locate(body, fileName, document, finding);
  try {
    const data: unknown = document.toJS({ maxAliasCount: maximumAliases });
    return { ok: true, source: { data, problemAt } };
  } catch (error) {
    // The structure is known to be sound, so the one thing left to fail is the alias limit.
    if (!(error instanceof ReferenceError)) throw error;
    const at = firstAlias(document.contents) ?? [0, 0];
    return { ok: false, problems: [problemIn(body, fileName, at, { message: tooManyAliases })] };
  }
}

function isFilled<T>(list: T[]): list is [T, ...T[]] {
  return list.length > 0;
}

/** Duplicate keys, aliases without an anchor or inside themselves, keys that JavaScript reserves. */
function structureProblems(text: string, fileName: string, document: Document): Problem[] {
  const problems: Problem[] = [];
  const report = (node: Node, message: string, suggestion: string | null = null) => {
    if (problems.length >= maximumProblems) return;
    problems.push(problemIn(text, fileName, rangeOf(node), { message, suggestion }));
  };
  let aliases = 0;
  const anchors = new Map<string, Node>();
  const visit = (node: unknown, ancestors: Node[]): void => {
    if (isNode(node) && !isAlias(node) && node.anchor) anchors.set(node.anchor, node);
    if (ancestors.length > maximumDepth) {
      if (isNode(node)) report(node, `this is nested deeper than ${maximumDepth} levels`);
    } else if (isAlias(node)) {
      aliases += 1;
      if (aliases > maximumAliases) report(node, tooManyAliases);
      const target = anchors.get(node.source);
      if (!target) report(node, `no anchor \`&${excerpt(node.source)}\` stands above this alias`);
      else if (ancestors.includes(target)) report(node, "this alias stands inside its own anchor");
    } else if (isMap(node)) {
      const inside = [...ancestors, node];
      const offsets = new Map<string, number>();
      for (const { key, value } of node.items) {
        if (isScalar(key)) {
          const name = String(key.value);
          const [offset] = rangeOf(key);
          const first = offsets.get(name);
          if (first !== undefined) {
            const { line } = positionAt(text, first);
            report(key, `\`${excerpt(name)}\` stands here twice`, `the first is on line ${line}`);
          }
          if (name === "__proto__") report(key, "`__proto__` cannot be a key");
          offsets.set(name, first ?? offset);
        } else visit(key, inside);
        visit(value, inside);
      }
    } else if (isSeq(node)) {
      const inside = [...ancestors, node];
      for (const item of node.items) visit(item, inside);
    }
  };
  visit(document.contents, []);
  return problems;
}

function firstAlias(node: unknown): [number, number] | null {
  if (isAlias(node)) return rangeOf(node);
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      const found = firstAlias(key) ?? firstAlias(value);
      if (found) return found;
    }
  }
  if (isSeq(node)) {
    for (const item of node.items) {
      const found = firstAlias(item);
      if (found) return found;
    }
  }
  return null;
}

function rangeOf(node: Node): [number, number] {
  return node.range ? [node.range[0], node.range[1]] : [0, 0];
}

/** Follows the path as far as it goes; a missing key is reported at the mapping that lacks it. */
function locate(text: string, fileName: string, document: Document, finding: Finding): Problem {
  const follow = (node: unknown) => (isAlias(node) ? node.resolve(document) : node);
  let node: unknown = document.contents;
  let key: Node | null = null;
  let whole = true;
  for (const step of finding.path) {
    const target: unknown = follow(node);
    if (isMap(target)) {
      const pair = target.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === step,
      );
      if (pair && isScalar(pair.key)) {
        key = pair.key;
        node = pair.value;
        continue;
      }
    } else if (isSeq(target) && typeof step === "number" && step < target.items.length) {
      key = null;
      node = target.items[step];
      continue;
    }
    whole = false;
    break;
  }
  const scalar = isScalar(node) || isAlias(node) ? node : null;
  const empty = scalar !== null && rangeOf(scalar)[0] === rangeOf(scalar)[1];
  const value = scalar && !empty ? scalar : null;
  const wanted = finding.on === "key" || !whole ? (key ?? value) : (value ?? key);
  const chosen = wanted ?? (isMap(node) || isSeq(node) ? node : null);
  let [start, end] = chosen ? rangeOf(chosen) : [0, 0];
  const inside = finding.within ? text.slice(start, end).indexOf(finding.within) : -1;
  if (finding.within && inside !== -1) {
    start += inside;
    end = start + finding.within.length;
  }
  return { ...problemIn(text, fileName, [start, end], finding), path: [...finding.path] };
}
