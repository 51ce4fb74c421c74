import { Popover } from "@base-ui/react/popover";
import { type FormEvent, useState } from "react";
import { formatCount } from "../../../shared/format.ts";
import type { RunRow } from "../../../shared/runs-table.ts";
import { tagPattern, tagRule } from "../../../shared/tag.ts";
import { annotate } from "../../state/annotate.ts";
import { Button } from "../../ui/button.tsx";
import { Input } from "../../ui/input.tsx";
import { Tags } from "../../ui/tags.tsx";
import styles from "./page.module.css";

export type Tagged = Pick<RunRow, "id" | "tags">;

/** Adds tags to runs and takes them away. `onDone` hears what the tags of each run are now. */
export function TagEditor({
  runs,
  onDone,
}: {
  runs: readonly Tagged[];
  onDone?: (tags: ReadonlyMap<string, string[]>) => void;
}) {
  const [text, setText] = useState("");
  const tag = text.trim();
  const isTag = tagPattern.test(tag);
  const all = [...new Set(runs.flatMap(({ tags }) => tags))].toSorted();
  const change = async (words: string, tagsOf: (run: Tagged) => string[]) => {
    const next = new Map(runs.map((run) => [run.id, tagsOf(run)]));
    const isDone = await annotate(
      `${words} ${formatCount(runs.length, "run")}`,
      [...next].map(([run, tags]) => ({ run, tags })),
    );
    if (isDone) onDone?.(next);
  };
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (!isTag) return;
    void change(`Tagged ${tag}:`, ({ tags }) => [...new Set([...tags, tag])].toSorted());
    setText("");
  };
  return (
    <Popover.Root>
      <Popover.Trigger render={<Button>Tags…</Button>} />
      <Popover.Portal>
        <Popover.Positioner side="top" sideOffset={6} style={{ zIndex: "var(--z-popover)" }}>
          <Popover.Popup className={styles["tagEditor"]} aria-label="Tags">
            <form onSubmit={add}>
              <Input
                aria-label="New tag"
                placeholder="New tag"
                value={text}
                aria-invalid={tag !== "" && !isTag}
                onChange={({ target }) => setText(target.value)}
              />
              <Button type="submit" disabled={!isTag}>
                Add
              </Button>
            </form>
            {tag !== "" && !isTag && <p role="alert">A tag is {tagRule}</p>}
            <Tags
              tags={all}
              onRemove={(gone) =>
                void change(`Tag ${gone} removed from`, ({ tags }) =>
                  tags.filter((each) => each !== gone),
                )
              }
            />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
