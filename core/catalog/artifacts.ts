import type { Database } from "better-sqlite3";
import type { Clock, StoredFile } from "../domain/ports.ts";
import type { TreeFile, TreeManifest } from "../domain/tree.ts";

export type ArtifactCatalog = ReturnType<typeof createArtifactCatalog>;

/** Which stored files there are and what refers to them. Bytes are the store's business. */
export function createArtifactCatalog(db: Database, clock: Clock) {
  const insertArtifact = db.prepare<[string, number, number]>(
    "INSERT INTO artifact (sha256, size, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const insertTree = db.prepare<[string, number, number]>(
    // One whose removal has begun is made whole again.
    `INSERT INTO tree (hash, files, size) VALUES (?, ?, ?)
     ON CONFLICT (hash) DO UPDATE SET unused = 0 WHERE unused = 1`,
  );
  const insertTreeFile = db.prepare<[string, string, string, number, number]>(
    `INSERT INTO tree_file (tree, path, sha256, size, executable) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  );
  const selectTree = db.prepare<
    [string],
    { path: string; sha256: string; size: number; executable: number }
  >("SELECT path, sha256, size, executable FROM tree_file WHERE tree = ? ORDER BY path");
  const insertAttemptFile = db.prepare<[number, string, string, number]>(
    `INSERT INTO attempt_file (attempt_id, path, sha256, size) VALUES (?, ?, ?, ?)
     ON CONFLICT (attempt_id, path) DO NOTHING`,
  );
  const selectAttemptFiles = db.prepare<[string, number], StoredFile>(
    `SELECT f.path, f.sha256, f.size FROM attempt_file f JOIN attempt a ON a.id = f.attempt_id
     WHERE a.job_id = ? AND a.number = ? ORDER BY f.path`,
  );
  const selectUnreferenced = db.prepare<[], { sha256: string }>(
    "SELECT sha256 FROM artifact WHERE refs = 0",
  );
  const selectRefs = db.prepare<[string], { refs: number }>(
    "SELECT refs FROM artifact WHERE sha256 = ?",
  );
  const selectReferenced = db.prepare<[], { sha256: string }>(
    "SELECT sha256 FROM artifact WHERE refs > 0",
  );
  const dropArtifact = db.prepare<[string]>("DELETE FROM artifact WHERE sha256 = ? AND refs = 0");
  return {
    /** Notes a stored folder; call it in the transaction that starts to refer to it. */
    addTree(tree: TreeManifest): void {
      const size = tree.files.reduce((sum, file) => sum + file.size, 0);
      if (insertTree.run(tree.hash, tree.files.length, size).changes === 0) return;
      for (const file of tree.files) {
        insertArtifact.run(file.sha256, file.size, clock.now());
        insertTreeFile.run(tree.hash, file.path, file.sha256, file.size, file.executable ? 1 : 0);
      }
    },
    tree(hash: string): TreeManifest {
      const files: TreeFile[] = selectTree
        .all(hash)
        .map((file) => ({ ...file, executable: file.executable === 1 }));
      return { hash, files };
    },
    addAttemptFiles(attemptId: number, files: readonly StoredFile[]): void {
      for (const file of files) {
        insertArtifact.run(file.sha256, file.size, clock.now());
        insertAttemptFile.run(attemptId, file.path, file.sha256, file.size);
      }
    },
    attemptFiles(jobId: string, attempt: number): StoredFile[] {
      return selectAttemptFiles.all(jobId, attempt);
    },
    /** Files that nothing refers to: their removal was cut short, or their bytes were kept then. */
    unreferenced(): string[] {
      return selectUnreferenced.all().map(({ sha256 }) => sha256);
    },
    /** How many references to a file there are; undefined for one that is not known. */
    refs(sha256: string): number | undefined {
      return selectRefs.get(sha256)?.refs;
    },
    /** Every stored file that something refers to. */
    referenced(): string[] {
      return selectReferenced.all().map(({ sha256 }) => sha256);
    },
    /** Forgets a file after its bytes are gone; false when something refers to it again. */
    forget(sha256: string): boolean {
      return dropArtifact.run(sha256).changes > 0;
    },
  };
}
