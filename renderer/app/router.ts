import { createHashHistory, createRouter } from "@tanstack/react-router";
import { routeTree } from "./routes.ts";

/** Addresses stand behind the #, so that one set of files serves browsers and the desktop. */
export const router = createRouter({
  routeTree,
  history: createHashHistory(),
  defaultPreload: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
