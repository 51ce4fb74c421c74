import type { AnnotationChange } from "../../shared/annotations.ts";
import type { CoreContext } from "./context.ts";
import { findRun } from "./runs.ts";

/**
 * Stars, notes and tags of runs, all of them or none. Returns what the changed values were before, in
 * the form of a change that takes this one back. Throws RUN_NOT_FOUND.
 */
export function annotate(
  context: CoreContext,
  changes: readonly AnnotationChange[],
): AnnotationChange[] {
  const { catalog } = context;
  return catalog.transaction(() =>
    changes.map(({ run: name, starred, notes, tags }) => {
      const run = findRun(context, name);
      const written = notes === undefined || notes === null ? notes : notes.trim() || null;
      const words = tags && [...new Set(tags)].toSorted();
      catalog.runs.annotate(run.id, {
        starred: starred ?? run.starred,
        notes: written === undefined ? run.notes : written,
        tags: words ?? run.tags,
      });
      return {
        run: run.id,
        ...(starred !== undefined && { starred: run.starred }),
        ...(notes !== undefined && { notes: run.notes }),
        ...(tags !== undefined && { tags: run.tags }),
      };
    }),
  );
}
