/** What the desktop window gives its page; a page in a browser has none of it. */
import type { ErrorData } from "./errors.ts";

/** The look of the app; `system` follows the machine's own. */
export type Theme = "system" | "light" | "dark";

export type Shell = {
  /** Asks for a way to the core: a message `portMessage` to the page's window brings the port. */
  connect(): void;
  /** Hears where the menu, a dropped file or a second start wants to go, as an address of the app. */
  onOpen(listener: (path: string) => void): void;
  /** Asks for a folder in the system's own dialog; null when none was chosen. */
  chooseFolder(): Promise<string | null>;
  /** Where a dropped File lies; empty for what is no file of this machine. */
  pathOf(file: object): string;
  /** Lets the window's frame, menus and dialogs follow. */
  setTheme(theme: Theme): void;
};

/** The name of the bridge on the page's window. */
export const shellName = "gauntlet";
/** Said to the page's window together with a port. */
export const portMessage = "gauntlet-port";
/** Said to the page's window when the process behind its port died and could not say so itself. */
export const lostMessage = "gauntlet-lost";

/**
 * What is said over the port beside the contract's own messages, which are text or bytes: that the
 * core answers, that the connection is closed, or what keeps the core from starting.
 */
export type PortNote =
  | { port: "open" }
  | { port: "closed" }
  | { port: "problem"; error: ErrorData };

export function isPortNote(message: unknown): message is PortNote {
  return typeof message === "object" && message !== null && "port" in message;
}
