import type { AnnotationChange } from "../../shared/annotations.ts";
import { client } from "../rpc/client.ts";
import { useUndo } from "./undo.ts";

/**
 * Changes stars, notes or tags of runs; `text` says what was done, and it can be undone. What the core
 * refuses is told in the same place. Resolves to whether it was done.
 */
export async function annotate(text: string, changes: AnnotationChange[]): Promise<boolean> {
  const { did, failed } = useUndo.getState();
  try {
    const { before } = await client.runs.annotate({ changes });
    did({
      text,
      undo: () => client.runs.annotate({ changes: before }),
      redo: () => client.runs.annotate({ changes }),
    });
    return true;
  } catch (error) {
    failed(`Not done: ${text}`, error);
    return false;
  }
}
