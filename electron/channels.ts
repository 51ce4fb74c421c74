/** Names of the messages between the processes of the window. */
export const channels = {
  /** Page to main: give me a port to the core. */
  connect: "connect",
  /** Main to page: here it is. */
  port: "port",
  /** Main to page: the process behind all ports has died without a word to them. */
  lost: "lost",
  /** Main to page: go to this address of the app. */
  open: "open",
  /** Page to main, answered: a folder that the person chooses. */
  chooseFolder: "choose-folder",
  /** Page to main: the theme that the person chose. */
  theme: "theme",
} as const;

/**
 * What main says to the host. First the key that secrets are sealed with, in Base64, or null; that way,
 * for arguments are seen by all. `page` comes with a port.
 */
export type HostOrder = { secretsKey: string | null } | "page" | "end";
