import { open, rename, rm } from "node:fs/promises";

let written = 0;

/**
 * Writes a file so that a reader, or a power cut, finds the old content or the new, never half.
 * @param mode permissions of the new file; without it, the system's own
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  mode?: number,
): Promise<void> {
  // One for each write: two of the same file at once would mix what they write.
  const temporary = `${path}.${process.pid}-${written++}.tmp`;
  try {
    const file = await open(temporary, "w", mode);
    try {
      // One that a crash has left keeps the mode that it had.
      if (mode !== undefined) await file.chmod(mode);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
