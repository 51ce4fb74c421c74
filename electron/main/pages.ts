import { protocol } from "electron";
import { listPageFiles } from "../../core/api/web/files.ts";
import { securityHeaders } from "../../core/api/web/headers.ts";

const scheme = "app";
export const appOrigin = `${scheme}://gauntlet`;

/** Before the application is ready: pages of the scheme are as good as those of https. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Serves the built pages under `appOrigin`, with the same headers as the web server does. */
export function servePages(folder: string): void {
  const fileAt = listPageFiles(folder);
  protocol.handle(scheme, (request) => {
    const { host, pathname } = new URL(request.url);
    const file = host === "gauntlet" ? fileAt?.(pathname) : undefined;
    if (!file || request.method !== "GET")
      return new Response("There is no such page.", { status: 404 });
    return new Response(new Uint8Array(file.plain), {
      headers: { ...securityHeaders, "Content-Type": file.type },
    });
  });
}
