/** Where things are in a run folder; the contract is docs/guide/run-folder.md. */
import { join } from "node:path";

export type RunFolder = ReturnType<typeof runFolder>;

/** @param root absolute path of the run folder */
export function runFolder(root: string) {
  return {
    root,
    code: join(root, "in/code"),
    model: join(root, "in/model"),
    attack: join(root, "in/attack"),
    dataset: join(root, "in/dataset"),
    /** What a `command` attack is given, written by the evaluate job itself. */
    attackSamples: join(root, "in/samples"),
    /** The evaluation that a verify job looks at. */
    evaluation: join(root, "in/evaluation"),
    out: join(root, "out"),
    /** What a `command` attack leaves. */
    attackOut: join(root, "out/attack"),
  };
}

/** Splits `FILE:FUNCTION`. */
export function parseEntryPoint(entry: string): { file: string; name: string } {
  const colon = entry.lastIndexOf(":");
  return { file: entry.slice(0, colon), name: entry.slice(colon + 1) };
}
