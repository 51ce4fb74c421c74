/** Who may talk to the web server: links that work once, cookies, hosts and origins. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/** Links that were made and not used; the oldest is forgotten. */
const mostLinks = 20;

/**
 * Tokens and sessions of one server, in memory: they end with it. A token opens one session; its
 * secret travels in a cookie that scripts cannot read and other sites cannot send. `cookie` is the
 * cookie's name: browsers keep those of all ports of a host together.
 */
export function createAccess(cookie: string) {
  const tokens = new Set<string>();
  const sessions = new Set<string>();

  return {
    /** A token for one link. */
    newToken(): string {
      const token = secret();
      tokens.add(digest(token));
      for (const oldest of tokens) {
        if (tokens.size <= mostLinks) break;
        tokens.delete(oldest);
      }
      return token;
    },
    /** Spends a token: the `Set-Cookie` of a new session, or null when it is none or was spent. */
    open(token: string): string | null {
      const known = find(tokens, token);
      if (known === undefined) return null;
      tokens.delete(known);
      const session = secret();
      sessions.add(digest(session));
      return `${cookie}=${session}; Path=/; HttpOnly; SameSite=Strict`;
    },
    /** Whether a request carries the cookie of a session. */
    hasSession({ headers }: IncomingMessage): boolean {
      return (headers.cookie ?? "").split(";").some((pair) => {
        const [name, value = ""] = pair.trim().split("=", 2);
        return name === cookie && find(sessions, value) !== undefined;
      });
    },
  };
}

function secret(): string {
  return randomBytes(32).toString("base64url");
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Looks at every digest, in a time that tells nothing of how much was right. */
function find(digests: ReadonlySet<string>, text: string): string | undefined {
  const wanted = digest(text);
  let found: string | undefined;
  for (const each of digests)
    if (timingSafeEqual(Buffer.from(each), Buffer.from(wanted))) found = each;
  return found;
}

const loopback: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Whether `Host` names this server: a loopback name, the host it was told to listen on, or, where
 * that is all interfaces, any address. A name that an attacker's domain server points here is none
 * of these. The port is free, since a tunnel has its own.
 */
export function isOurHost(header: string | undefined, listening: string): boolean {
  const host = hostOf(header);
  if (host === undefined) return false;
  if (loopback.has(host)) return true;
  const isAddress = isIP(host.replace(/^\[|\]$/g, "")) !== 0;
  if (listening === "0.0.0.0" || listening === "::") return isAddress;
  return host === hostOf(isIP(listening) === 6 ? `[${listening}]` : listening);
}

function hostOf(header: string | undefined): string | undefined {
  if (header === undefined || !/^[\w.:[\]-]+$/.test(header)) return undefined;
  return URL.parse(`http://${header}`)?.hostname;
}

/** Whether `Origin` is the page that this server gave out under the request's own `Host`. */
export function isOwnOrigin({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined && headers.origin === `http://${headers.host ?? ""}`;
}
