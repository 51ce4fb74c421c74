import { visible } from "../../shared/visible.ts";

/** What a machine said, to stand alone: with a capital and a full stop. */
export function sentence(text: string): string {
  const shown = visible(text);
  return `${shown.charAt(0).toUpperCase()}${shown.slice(1)}${/[.?!]$/.test(shown) ? "" : "."}`;
}
