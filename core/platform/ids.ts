import { randomBytes } from "node:crypto";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * Makes ULIDs: 26 characters that sort by time of creation (48 bits of milliseconds, 80 random
 * bits; github.com/ulid/spec). Ids of the same millisecond sort in the order they were made. All
 * sort behind the `newest` id that an earlier source made (asked for once, null for none), even
 * when the clock was set back since.
 */
export function createIdSource(
  now: () => number,
  newest: () => string | null = () => null,
): () => string {
  let lastTime = -1;
  let random: bigint = 0n;
  let begun = false;
  return () => {
    if (!begun) {
      begun = true;
      const earlier = newest();
      if (earlier !== null) {
        lastTime = Number(decode(earlier.slice(0, 10)));
        random = decode(earlier.slice(10));
      }
    }
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

function decode(text: string): bigint {
  return Array.from(text).reduce((value, digit) => {
    const bits = alphabet.indexOf(digit);
    if (bits === -1) throw new Error(`${text} is no part of a ULID`);
    return value * 32n + BigInt(bits);
  }, 0n);
}
