import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { type Expression, parseSync, Visitor } from "oxc-parser";
import { ResolverFactory } from "oxc-resolver";
import { layerOf } from "./layer-table.ts";

export type Rule = "computed" | "layer" | "no-layer" | "node" | "package" | "syntax" | "unresolved";
export type Violation = { file: string; line: number; rule: Rule; message: string };
export type Walk = { files: number; imports: number; violations: Violation[] };

type Import = { specifier: string | null; start: number };

const resolver = new ResolverFactory({
  extensions: [".ts", ".mjs", ".js", ".json"],
  conditionNames: ["node", "import"],
  builtinModules: true,
});

/** Follows every import of every source file under `root` and holds it against the layer table. */
export function walkLayers(root: string): Walk {
  const files = globSync("**/*.{ts,mts,cts,tsx,js,mjs,cjs,jsx}", {
    cwd: root,
    exclude: (path) => /(^|[\\/])(node_modules|dist|fixtures|\.[^\\/]+)$/.test(path),
  }).map((file) => file.split(sep).join("/"));
  const walk: Walk = { files: files.length, imports: 0, violations: [] };
  for (const file of files.toSorted()) {
    const source = readFileSync(join(root, file), "utf8");
    const report = (rule: Rule, start: number, message: string) =>
      walk.violations.push({
        file,
        line: source.slice(0, start).split("\n").length,
        rule,
        message,
      });
    const { program, errors } = parseSync(file, source);
    if (errors[0]) report("syntax", 0, errors[0].message);
    const imports = importsOf(program);
    walk.imports += imports.length;
    for (const each of imports) {
      const broken = check(root, file, each.specifier);
      if (broken) report(broken.rule, each.start, broken.message);
    }
  }
  return walk;
}

/** Static, dynamic, type-only and worker imports; `specifier` is null where it is computed. */
function importsOf(program: ReturnType<typeof parseSync>["program"]): Import[] {
  const imports: Import[] = [];
  const add = (node: Expression | null | undefined) => {
    if (node) imports.push({ specifier: textOf(node), start: node.start });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
    TSExternalModuleReference: (node) => add(node.expression),
    CallExpression: ({ callee, arguments: [first] }) => {
      if (callee.type === "Identifier" && callee.name === "require" && first?.type === "Literal")
        add(first);
    },
    // new Worker(new URL("./worker.ts", import.meta.url))
    NewExpression: ({ callee, arguments: [first, base] }) => {
      const isUrl = callee.type === "Identifier" && callee.name === "URL";
      const isRelative = base?.type === "MemberExpression" && base.object.type === "MetaProperty";
      if (isUrl && isRelative && first?.type === "Literal" && isSource(first.value)) add(first);
    },
  }).visit(program);
  return imports;
}

function textOf(node: Expression): string | null {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  if (node.type === "TemplateLiteral" && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? null;
  return null;
}

function isSource(value: unknown): boolean {
  return typeof value === "string" && /^\.\.?\/.*\.[cm]?[jt]sx?$/.test(value);
}

function check(
  root: string,
  file: string,
  specifier: string | null,
): { rule: Rule; message: string } | undefined {
  const from = layerOf(file);
  if (!from) return { rule: "no-layer", message: `${file} is in no layer of tests/layer-table.ts` };
  const { name, layer } = from;
  if (layer === "free") return undefined;
  if (specifier === null)
    return layer.loadsForeignCode
      ? undefined
      : { rule: "computed", message: `${name} imports a computed name: nobody can check it` };

  const { path, builtin, error } = resolver.sync(dirname(join(root, file)), specifier);
  if (builtin)
    return layer.node ? undefined : { rule: "node", message: `${name} imports ${specifier}` };
  if (path === undefined || !existsSync(path))
    return { rule: "unresolved", message: `${specifier}: ${error ?? "is not there"}` };

  const target = relative(root, path).split(sep).join("/");
  const installed = target.split("node_modules/").at(-1);
  if (target.includes("node_modules/") && installed) {
    const npm = installed.split("/", installed.startsWith("@") ? 2 : 1).join("/");
    return layer.packages.includes(npm)
      ? undefined
      : { rule: "package", message: `${name} imports the package ${npm}` };
  }
  const to = layerOf(target)?.name ?? target;
  return to === name || layer.layers.includes(to)
    ? undefined
    : { rule: "layer", message: `${name} imports ${to} (${target})` };
}
