/** A file of a stored folder; `path` is relative, with `/`. */
export type TreeFile = { path: string; sha256: string; size: number; executable: boolean };

/** A folder by content: its files sorted by path, and a hash over all of them. */
export type TreeManifest = { hash: string; files: TreeFile[] };
