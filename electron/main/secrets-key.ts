import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { safeStorage } from "electron";
import { sealKeyLength } from "../../core/platform/seal.ts";

/**
 * The key that secrets are sealed with, in Base64: made at the first start, and kept encrypted by what
 * the system guards its user's passwords with. Null where there is no such thing, or where it does not
 * open what it once closed; the file stays then, for a keychain may come back. The application is ready.
 */
export function secretsKey(file: string): string | null {
  try {
    if (!isGuarded()) return null;
    if (existsSync(file)) return safeStorage.decryptString(readFileSync(file));
    const key = randomBytes(sealKeyLength).toString("base64");
    writeFileSync(file, safeStorage.encryptString(key), { mode: 0o600, flag: "wx" });
    return key;
  } catch (error) {
    process.stderr.write(`gauntlet: secrets are not sealed: ${String(error)}\n`);
    return null;
  }
}

/** Without a keyring Electron encrypts with a password that stands in its source. */
function isGuarded(): boolean {
  if (!safeStorage.isEncryptionAvailable()) return false;
  return process.platform !== "linux" || safeStorage.getSelectedStorageBackend() !== "basic_text";
}
