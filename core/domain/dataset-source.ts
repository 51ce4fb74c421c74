/** From what a packed dataset can be made again. */
export type DatasetSource = {
  /** Of the Gauntlet that packed it: another may read the same files as another dataset. */
  version: string;
} & (
  | { kind: "kit"; kit: string }
  /** Files in a layout of their own, or a packed folder that was copied. */
  | {
      kind: "files" | "copy";
      /** Absolute. */
      path: string;
      /** What the files looked like before they were read. */
      stamp: string;
      name: string;
      size: readonly [height: number, width: number] | null;
      testShare: number | null;
    }
);

/** The source as a person knows it. */
export function sourceText(source: DatasetSource): string {
  return source.kind === "kit" ? `the kit ${source.kit}` : source.path;
}
