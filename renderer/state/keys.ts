import { useEffect, useRef } from "react";
import { usePreferences } from "./preferences.ts";

/**
 * Keys of the app, by name: `ctrl+k` (Cmd on a Mac), `?`, `g r` (one after the other), `/`. Single
 * letters and signs are off while something is typed, and where the settings say so.
 */
export type Keys = Readonly<Record<string, () => void>>;

/** What follows `g` must come within this, ms. */
const sequenceTime = 1200;

/** Listens for keys as long as the component is there. */
export function useKeys(keys: Keys): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    let before = "";
    let beforeAt = 0;
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      const name = nameOf(event);
      const isSingle = name.length === 1;
      if (isSingle && !usePreferences.getState().singleKeys) return;
      if (!name.includes("+") && isTyping(event.target)) return;
      const sequence = event.timeStamp - beforeAt < sequenceTime ? `${before} ${name}` : "";
      const act = current.current[sequence] ?? current.current[name];
      before = name;
      beforeAt = event.timeStamp;
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** How a key's modifier is written on this system. */
export const modifierName = isMac ? "⌘" : "Ctrl";

function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const main = isMac ? event.metaKey : event.ctrlKey;
  // A sign such as ? needs Shift on some keyboards: it counts only beside Ctrl.
  const shift = main && event.shiftKey;
  return `${main ? "ctrl+" : ""}${shift ? "shift+" : ""}${event.altKey ? "alt+" : ""}${key}`;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
