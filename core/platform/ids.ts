import { randomBytes } from "node:crypto";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * Makes ULIDs: 26 characters that sort by time of creation (48 bits of milliseconds, 80 random
 * bits; github.com/ulid/spec). Ids of the same millisecond sort in the order they were made.
 */
export function createIdSource(now: () => number): () => string {
  let lastTime = -1;
  let random: bigint = 0n;
  return () => {
    const time = Math.max(now(), lastTime);
    random = time === lastTime ? random + 1n : BigInt(`0x${randomBytes(10).toString("hex")}`) >> 1n;
    lastTime = time;
    return encode(BigInt(time), 10) + encode(random, 16);
  };
}

function encode(value: bigint, length: number): string {
  let text = "";
  let rest = value;
  for (let index = 0; index < length; index++) {
    text = (alphabet[Number(rest & 31n)] ?? "") + text;
    rest >>= 5n;
  }
  return text;
}
