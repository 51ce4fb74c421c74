import "./older-browsers.ts";
import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "./ui/tokens.css";
import "./ui/base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { joinDesktop } from "./app/desktop.ts";
import { router } from "./app/router.ts";
import { queryClient } from "./rpc/query-client.ts";
import { followEvents } from "./rpc/live.ts";
import { applyPreferences } from "./state/preferences.ts";
import { shell } from "./state/shell.ts";

applyPreferences();
if (shell) joinDesktop(shell);
void followEvents();

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
