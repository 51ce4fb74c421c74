import { createHash } from "node:crypto";
import { openRegularFile } from "./regular-file.ts";

/** SHA-256 of a text in UTF-8, as lower-case hexadecimal. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * SHA-256 of a file's content. Throws a plain sentence for what is no regular file, and the signal's
 * reason once that is aborted.
 */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const file = await openRegularFile(path);
  if (!file) throw new Error(`${path} is no regular file`);
  const hash = createHash("sha256");
  // The stream closes the file.
  for await (const chunk of file.createReadStream()) {
    signal?.throwIfAborted();
    hash.update(chunk as Buffer);
  }
  return hash.digest("hex");
}
