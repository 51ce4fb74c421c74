import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Seal } from "../domain/ports.ts";

/** AES-256-GCM as NIST SP 800-38D has it: lengths in bytes. */
export const sealKeyLength = 32;
const nonceLength = 12;
const tagLength = 16;

/**
 * Seals values with a key of 32 bytes. Text that was changed, or put under another name, is not
 * opened. A key seals some thousand values in its life, far from where random nonces of 96 bits meet.
 */
export function createSeal(key: Uint8Array): Seal {
  return {
    close(value, name) {
      const nonce = randomBytes(nonceLength);
      const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagLength });
      cipher.setAAD(Buffer.from(name));
      const text = Buffer.concat([cipher.update(value, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString("base64");
    },
    open(sealed, name) {
      const bytes = Buffer.from(sealed, "base64");
      if (bytes.length < nonceLength + tagLength) return null;
      const nonce = bytes.subarray(0, nonceLength);
      const cipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagLength });
      cipher.setAAD(Buffer.from(name));
      cipher.setAuthTag(bytes.subarray(nonceLength, nonceLength + tagLength));
      try {
        const text = [cipher.update(bytes.subarray(nonceLength + tagLength)), cipher.final()];
        return Buffer.concat(text).toString("utf8");
      } catch {
        return null; // of another key, or changed: the cipher says no more than that
      }
    },
  };
}
