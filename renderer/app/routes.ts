/**
 * All pages. A page is a component in features/<name>/page.tsx, loaded when it is first opened, a
 * route here, and a line in navigation.ts when it stands on the left. docs/architecture.md tells
 * how one is added.
 */
import { createRootRoute, createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { readLaunchSearch } from "../features/launch/search.ts";
import { readRobustnessSearch } from "../features/robustness/search.ts";
import { readRunSearch } from "../features/run/search.ts";
import { readRunsSearch } from "../features/runs/search.ts";
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

const runs = createRoute({
  getParentRoute: () => root,
  path: "/runs",
  validateSearch: readRunsSearch,
  component: lazyRouteComponent(() => import("../features/runs/page.tsx"), "RunsPage"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$run",
  validateSearch: readRunSearch,
  component: lazyRouteComponent(() => import("../features/run/page.tsx"), "RunPage"),
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

export const routeTree = root.addChildren([home, runs, run, sweeps, sweep, launch, robustness]);
