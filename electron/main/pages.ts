import { protocol } from "electron";
import { readPageFiles } from "../../core/api/web/files.ts";
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
  const fileAt = readPageFiles(folder);
  const answer = (method: string, url: string) => {
    const { host, pathname } = new URL(url);
    const file = host === "gauntlet" && method === "GET" ? fileAt?.(pathname) : undefined;
    return {
      status: file ? 200 : 404,
      headers: { ...securityHeaders, "Content-Type": file?.type ?? "text/plain" },
      body: file?.plain ?? Buffer.from("There is no such page."),
    };
  };
  const handle = protocol.handle as typeof protocol.handle | undefined;
  if (handle)
    handle.call(protocol, scheme, ({ method, url }) => {
      const { body, ...head } = answer(method, url);
      return new Response(new Uint8Array(body), head);
    });
  // Electron before 25, which the tests drive.
  else
    protocol.registerBufferProtocol(scheme, ({ method, url }, give) => {
      const { status, headers, body } = answer(method, url);
      give({ statusCode: status, headers, data: body });
    });
}
