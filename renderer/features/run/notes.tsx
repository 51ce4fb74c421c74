import { useState } from "react";
import type { RunDetail } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { annotate } from "../../state/annotate.ts";
import { Button } from "../../ui/button.tsx";
import { Panel } from "../../ui/layout.tsx";
import styles from "./page.module.css";

/** Most letters of a note. */
const longest = 10_000;

/** What a person wrote about a run. */
export function Notes({ run }: { run: Pick<RunDetail, "id" | "name" | "notes"> }) {
  const [text, setText] = useState(run.notes ?? "");
  const isChanged = text.trim() !== (run.notes ?? "");
  return (
    <Panel title="Notes">
      <div className={styles["notes"]}>
        <textarea
          aria-label="Notes"
          placeholder="What is worth knowing about this run"
          rows={3}
          maxLength={longest}
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
        {isChanged && (
          <Button
            size="small"
            onClick={() =>
              void annotate(`Noted on ${visible(run.name)}`, [{ run: run.id, notes: text }])
            }
          >
            Save note
          </Button>
        )}
      </div>
    </Panel>
  );
}
