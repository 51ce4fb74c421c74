import type { AnnotationChange } from "../../shared/annotations.ts";
import { client } from "../rpc/client.ts";
import { useUndo } from "./undo.ts";

/** Changes stars, notes or tags of runs; `text` says what was done, and it can be undone. */
export async function annotate(text: string, changes: AnnotationChange[]): Promise<void> {
  if (changes.length === 0) return;
  const { before } = await client.runs.annotate({ changes });
  useUndo.getState().did({
    text,
    undo: () => client.runs.annotate({ changes: before }),
    redo: () => client.runs.annotate({ changes }),
  });
}
