import { randomBytes } from "node:crypto";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * Makes ULIDs: 26 characters that sort by time of creation (48 bits of milliseconds, 80 random
 * bits; github.com/ulid/spec). Ids of the same millisecond sort in the order they were made, and
 * so do those that are made after the clock was set back. `newest` is asked once, for the newest id
 * that was made before this source, or null.
 */
export function createIdSource(now: () => number, newest: () => string | null): () => string {
  let lastTime: number | undefined;
  let random: bigint = 0n;
  return () => {
    if (lastTime === undefined) {
      const before = newest();
      lastTime = before === null ? -1 : Number(decode(before.slice(0, timeLength)));
      random = before === null ? 0n : decode(before.slice(timeLength));
    }
    const time = Math.max(now(), lastTime);
    random = time === lastTime ? random + 1n : BigInt(`0x${randomBytes(10).toString("hex")}`) >> 1n;
    lastTime = time;
    return encode(BigInt(time), timeLength) + encode(random, 16);
  };
}

/** Characters of an id that hold its time. */
const timeLength = 10;

function decode(text: string): bigint {
  return [...text].reduce((value, character) => {
    return value * 32n + BigInt(alphabet.indexOf(character));
  }, 0n);
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
