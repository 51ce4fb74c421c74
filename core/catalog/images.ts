import type { Database } from "better-sqlite3";
import type { Clock, ImageContents } from "../domain/ports.ts";
import { fromJson } from "./json.ts";

/** What images have inside, by the engine's id of each, which is a digest of its configuration. */
export function createImageCatalog(db: Database, clock: Clock) {
  const has = db
    .prepare<[string], number>("SELECT 1 FROM image_contents WHERE image_id = ?")
    .pluck();
  const keep = db.prepare<[string, string | null, string | null, string, number]>(
    `INSERT INTO image_contents (image_id, runtime, cuda, packages_json, found_at)
     VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  return {
    has: (imageId: string): boolean => has.get(imageId) !== undefined,
    keep(imageId: string, { runtime, cuda, packages }: ImageContents): void {
      keep.run(imageId, runtime, cuda, JSON.stringify(packages), clock.now());
    },
  };
}
export type ImageCatalog = ReturnType<typeof createImageCatalog>;

/** Columns of `image_contents AS i`, joined to what ran in the image. */
export const contentsColumns =
  "i.runtime AS image_runtime, i.cuda AS image_cuda, i.packages_json AS image_packages";

export type ContentsRow = {
  image_runtime: string | null;
  image_cuda: string | null;
  /** Null where it is not known. */
  image_packages: string | null;
};

/** Null where it is not known. */
export function contentsOf(row: ContentsRow): ImageContents | null {
  if (row.image_packages === null) return null;
  return {
    runtime: row.image_runtime,
    cuda: row.image_cuda,
    packages: fromJson(row.image_packages),
  };
}
