/**
 * All pages. A page is a component in features/<name>/page.tsx, loaded when it is first opened, a
 * route here, and a line in navigation.ts when it stands on the left. docs/architecture.md tells
 * how one is added.
 */
import { createRootRoute, createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { readAttacksSearch } from "../features/attacks/search.ts";
import { readCompareSearch } from "../features/compare/search.ts";
import { readLaunchSearch } from "../features/launch/search.ts";
import { readModelsSearch } from "../features/models/search.ts";
import { readRobustnessSearch } from "../features/robustness/search.ts";
import { readRunSearch } from "../features/run/search.ts";
import { runFieldsQuery } from "../features/runs/queries.ts";
import { readRunsSearch } from "../features/runs/search.ts";
import { queryClient } from "../rpc/query-client.ts";
import { NotFound, PageFailed } from "./outcomes.tsx";
import { Shell } from "./shell.tsx";

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: PageFailed,
});

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    // The router takes what is thrown as where to go.
    // oxlint-disable-next-line typescript/only-throw-error
    throw redirect({ to: "/runs" });
  },
});

const firstRun = createRoute({
  getParentRoute: () => root,
  path: "/first-run/$sweep",
  component: lazyRouteComponent(() => import("../features/first-run/page.tsx"), "FirstRunPage"),
});

const runs = createRoute({
  getParentRoute: () => root,
  path: "/runs",
  validateSearch: readRunsSearch,
  // Asked for while the page itself is on its way.
  loader: () => void queryClient.prefetchQuery(runFieldsQuery),
  component: lazyRouteComponent(() => import("../features/runs/page.tsx"), "RunsPage"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$run",
  validateSearch: readRunSearch,
  component: lazyRouteComponent(() => import("../features/run/page.tsx"), "RunPage"),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/compare",
  validateSearch: readCompareSearch,
  component: lazyRouteComponent(() => import("../features/compare/page.tsx"), "ComparePage"),
});

const sweeps = createRoute({
  getParentRoute: () => root,
  path: "/sweeps",
  component: lazyRouteComponent(() => import("../features/sweeps/page.tsx"), "SweepsPage"),
});

const sweep = createRoute({
  getParentRoute: () => root,
  path: "/sweeps/$sweep",
  component: lazyRouteComponent(() => import("../features/sweep/page.tsx"), "SweepPage"),
});

const launch = createRoute({
  getParentRoute: () => root,
  path: "/launch",
  validateSearch: readLaunchSearch,
  component: lazyRouteComponent(() => import("../features/launch/page.tsx"), "LaunchPage"),
});

const robustness = createRoute({
  getParentRoute: () => root,
  path: "/robustness",
  validateSearch: readRobustnessSearch,
  component: lazyRouteComponent(() => import("../features/robustness/page.tsx"), "RobustnessPage"),
});

const models = createRoute({
  getParentRoute: () => root,
  path: "/models",
  validateSearch: readModelsSearch,
  component: lazyRouteComponent(() => import("../features/models/page.tsx"), "ModelsPage"),
});

const model = createRoute({
  getParentRoute: () => root,
  path: "/models/$model",
  component: lazyRouteComponent(() => import("../features/model/page.tsx"), "ModelPage"),
});

const attacks = createRoute({
  getParentRoute: () => root,
  path: "/attacks",
  validateSearch: readAttacksSearch,
  component: lazyRouteComponent(() => import("../features/attacks/page.tsx"), "AttacksPage"),
});

const datasets = createRoute({
  getParentRoute: () => root,
  path: "/datasets",
  component: lazyRouteComponent(() => import("../features/datasets/page.tsx"), "DatasetsPage"),
});

const compute = createRoute({
  getParentRoute: () => root,
  path: "/compute",
  component: lazyRouteComponent(() => import("../features/compute/page.tsx"), "ComputePage"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("../features/settings/page.tsx"), "SettingsPage"),
});

export const routeTree = root.addChildren([
  home,
  firstRun,
  runs,
  run,
  compare,
  sweeps,
  sweep,
  launch,
  models,
  model,
  robustness,
  attacks,
  datasets,
  compute,
  settings,
]);
