/** Reads the packed numbers of shared/metrics.ts: float64, little-endian, in base64. */
export function unpackNumbers(packed: string): Float64Array {
  const text = atob(packed);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return new Float64Array(bytes.buffer);
}
