/**
 * Who may import whom. docs/architecture.md draws the same table; `.oxlintrc.json` says it to
 * editors by the specifiers as written, this one is checked against what they resolve to.
 */
export type Layer = {
  /** Layers it may import besides itself. */
  layers: readonly string[];
  /** npm packages it may import. */
  packages: readonly string[];
  /** Whether it may import `node:` modules. */
  node: boolean;
  /** Whether it loads code whose place is known only at run time (an experiment's own). */
  loadsForeignCode?: boolean;
};

const adapter = { layers: ["shared", "core/domain", "core/platform"], node: true } as const;

/** Keyed by folder; the longest key that a file stands in is its layer. */
export const layerTable: Readonly<Record<string, Layer>> = {
  shared: { layers: [], packages: ["@orpc/contract", "yaml", "zod"], node: false },
  "core/domain": { layers: ["shared"], packages: [], node: false },
  "core/platform": { layers: ["shared", "core/domain"], packages: [], node: true },
  // The only place that knows the client of Docker; runners, builds and checks share it.
  "core/platform/docker": {
    layers: ["shared", "core/domain", "core/platform"],
    packages: ["dockerode", "zod"],
    node: true,
  },
  // Adapters of the ports in core/domain; they never know each other.
  "core/catalog": { ...adapter, packages: ["better-sqlite3"] },
  "core/runners": {
    layers: [...adapter.layers, "core/platform/docker"],
    packages: ["zod"],
    node: true,
  },
  "core/storage": { ...adapter, packages: [] },
  "core/engine": { ...adapter, packages: [] },
  "core/services": {
    layers: [
      "shared",
      "core/domain",
      "core/platform",
      "core/platform/docker",
      "core/catalog",
      "core/runners",
      "core/storage",
      "core/engine",
    ],
    packages: ["bson", "diff", "hyparquet-writer", "sharp", "yaml", "zod"],
    node: true,
  },
  "core/api": {
    layers: ["shared", "core/domain", "core/platform", "core/services"],
    packages: ["@orpc/client", "@orpc/contract", "@orpc/server", "ws"],
    node: true,
  },
  // core/core.ts puts the core together, core/open-folder.ts finds the one of a folder.
  core: {
    layers: [
      "shared",
      "core/domain",
      "core/platform",
      "core/catalog",
      "core/runners",
      "core/storage",
      "core/engine",
      "core/services",
      "core/api",
    ],
    packages: [],
    node: true,
  },
  cli: {
    layers: ["shared", "core", "core/domain", "core/platform", "core/services", "core/api"],
    packages: ["@orpc/client", "@orpc/server", "commander", "ws", "yaml"],
    node: true,
  },
  // Talks to the core by the contract alone.
  renderer: {
    layers: ["shared"],
    packages: [
      "@base-ui/react",
      "@fontsource-variable/inter",
      "@fontsource-variable/jetbrains-mono",
      "@orpc/client",
      "@orpc/contract",
      "@orpc/tanstack-query",
      "@tanstack/react-query",
      "@tanstack/react-router",
      "@tanstack/react-virtual",
      "react",
      "react-dom",
      "uplot",
      "zustand",
    ],
    node: false,
  },
  // The desktop window's processes; the core is a process of its own.
  electron: { layers: ["shared"], packages: [], node: false },
  "electron/main": {
    layers: ["electron", "shared", "core/platform", "core/api"],
    packages: ["electron"],
    node: true,
  },
  "electron/host": { layers: ["electron", "shared"], packages: ["electron", "ws"], node: true },
  "electron/preload": { layers: ["electron", "shared"], packages: ["electron"], node: false },
  agent: {
    layers: ["shared", "core/domain", "core/storage"],
    packages: ["zod"],
    node: true,
    loadsForeignCode: true,
  },
  // Each kit and template is a world of its own that knows only the run folder.
  "resources/kits/*": { layers: [], packages: ["mnist"], node: true },
  "resources/templates/*": { layers: [], packages: [], node: true },
};

/**
 * Tests, their helpers (in folders named testing), scripts and the files at the root may import
 * everything, and nothing imports them.
 */
const toolFolders = ["scripts", "tests"];

/** The layer of a file: `free` for tools and tests, undefined when the table does not know it. */
export function layerOf(file: string): { name: string; layer: Layer | "free" } | undefined {
  const segments = file.split("/");
  if (segments.length === 1 || toolFolders.includes(segments[0] ?? ""))
    return { name: "tools", layer: "free" };
  if (segments.includes("testing") || /\.test\.[cm]?[jt]sx?$/.test(file))
    return { name: "tools", layer: "free" };
  for (let length = segments.length - 1; length > 0; length -= 1) {
    const name = segments.slice(0, length).join("/");
    const pattern = [...segments.slice(0, length - 1), "*"].join("/");
    const layer = layerTable[name] ?? layerTable[pattern];
    if (layer) return { name, layer };
  }
  return undefined;
}
