const units = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;

/** A size as a person writes it, such as `16GiB` or `500 MB`. */
export const sizePattern = /^(\d+(?:\.\d+)?)\s*(B|[KMGT]iB|[kMGT]B)$/;

/** Bytes of such a size; NaN for what is none. */
export function readByteSize(text: string): number {
  const [, amount, unit] = sizePattern.exec(text) ?? [];
  return Math.round(Number(amount) * units[unit as keyof typeof units]);
}
