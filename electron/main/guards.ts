import { app, session, shell } from "electron";
import { appOrigin } from "./pages.ts";

/**
 * Whatever a page tries: no window, frame or address but our own, no permission, no device. Links to
 * the web open in the person's browser.
 */
export function guardPages(): void {
  app.on("web-contents-created", (_event, contents) => {
    contents.on("will-navigate", (event, url) => {
      if (isOurs(url)) return;
      event.preventDefault();
      if (isOnTheWeb(url)) void shell.openExternal(url);
    });
    contents.on("will-attach-webview", (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      if (isOnTheWeb(url)) void shell.openExternal(url);
      return { action: "deny" };
    });
  });
}

/** Once the application is ready. */
export function refusePermissions(): void {
  const { defaultSession } = session;
  // A page may put text on the clipboard when someone asks it to; that is all.
  const allowed = ["clipboard-sanitized-write"];
  defaultSession.setPermissionRequestHandler((_contents, permission, answer) =>
    answer(allowed.includes(permission)),
  );
  defaultSession.setPermissionCheckHandler((_contents, permission) => allowed.includes(permission));
  defaultSession.setDevicePermissionHandler(() => false);
}

export function isOurs(url: string): boolean {
  return url === appOrigin || url.startsWith(`${appOrigin}/`);
}

function isOnTheWeb(url: string): boolean {
  try {
    return ["http:", "https:"].includes(new URL(url).protocol);
  } catch {
    return false; // no address at all
  }
}
