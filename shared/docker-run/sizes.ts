/**
 * A size as Docker reads it (`16g`, `512m`, `1.5gb`, `1024`: units of 1024, no unit means bytes) as
 * `gauntlet.yaml` writes it, such as `16GiB`. Null for what is no size, and for 0 and -1 (no limit).
 */
export function sizeFromDocker(value: string): string | null {
  const [, amount, unit] = /^(\d{1,15}(?:\.\d{1,6})?) ?([kmgt]?)i?b?$/i.exec(value.trim()) ?? [];
  if (amount === undefined || unit === undefined || Number(amount) === 0) return null;
  return unit === "" ? `${amount}B` : `${amount}${unit.toUpperCase()}iB`;
}
