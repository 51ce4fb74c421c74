import type { IconName } from "../ui/icon.tsx";

/** The pages on the left, in their order; `key` opens one after G. */
export const navigation = [
  { to: "/runs", title: "Runs", icon: "list", key: "r" },
  { to: "/sweeps", title: "Sweeps", icon: "grid", key: "s" },
  { to: "/compare", title: "Compare", icon: "compare", key: "o" },
  { to: "/launch", title: "Launch", icon: "play", key: "l" },
  { to: "/models", title: "Models", icon: "cube", key: "m" },
  { to: "/robustness", title: "Robustness", icon: "shield", key: "b" },
  { to: "/attacks", title: "Attacks", icon: "attack", key: "a" },
  { to: "/datasets", title: "Datasets", icon: "data", key: "d" },
  { to: "/compute", title: "Compute", icon: "machine", key: "c" },
  { to: "/settings", title: "Settings", icon: "settings", key: "e" },
] as const satisfies readonly { to: string; title: string; icon: IconName; key: string }[];
