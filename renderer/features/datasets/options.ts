/** Height and width as typed, `64x64`; null for nothing, undefined for what is neither. */
export function readSize(text: string): [number, number] | null | undefined {
  if (text.trim() === "") return null;
  const [, height, width] = /^\s*(\d{1,4})\s*[x×]\s*(\d{1,4})\s*$/i.exec(text) ?? [];
  const sides: [number, number] = [Number(height), Number(width)];
  return sides.every((side) => side >= 1 && side <= 4096) ? sides : undefined;
}

/** A share between 0 and 1 as typed; null for nothing, undefined for what is neither. */
export function readShare(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const share = Number(text);
  return share > 0 && share < 1 ? share : undefined;
}
