import { Popover } from "@base-ui/react/popover";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { SavedView } from "../../../shared/annotations.ts";
import { visible } from "../../../shared/visible.ts";
import { client, core } from "../../rpc/client.ts";
import { useUndo } from "../../state/undo.ts";
import { Button } from "../../ui/button.tsx";
import { Input } from "../../ui/input.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";
import styles from "./page.module.css";

/** Views of the runs table by name: query, order, groups and columns. */
export function ViewsMenu({
  current,
  onOpen,
}: {
  /** What is shown now. */
  current: Omit<SavedView, "name">;
  onOpen(view: SavedView): void;
}) {
  const cache = useQueryClient();
  const [name, setName] = useState("");
  const [error, setError] = useState<unknown>(null);
  const views = useQuery(core.views.list.queryOptions({ input: {}, refetchOnMount: "always" }));
  const changed = () => cache.invalidateQueries({ queryKey: core.views.list.key() });
  /** Does it, notes how it is taken back, and shows the list as it is then. */
  const keep = async (text: string, redo: () => Promise<unknown>, undo: () => Promise<unknown>) => {
    try {
      await redo();
      await changed();
      useUndo.getState().did({
        text,
        undo: async () => {
          await undo();
          await changed();
        },
        redo: async () => {
          await redo();
          await changed();
        },
      });
      setError(null);
    } catch (problem) {
      setError(problem);
    }
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    const wanted = name.trim();
    if (wanted === "") return;
    const before = views.data?.find((view) => view.name === wanted);
    const view = { ...current, name: wanted };
    void keep(
      `Saved the view ${wanted}`,
      () => client.views.save(view),
      () => (before ? client.views.save(before) : client.views.delete({ name: wanted })),
    );
    setName("");
  };
  const remove = (view: SavedView) =>
    void keep(
      `Deleted the view ${view.name}`,
      () => client.views.delete({ name: view.name }),
      () => client.views.save(view),
    );
  return (
    <Popover.Root>
      <Popover.Trigger render={<Button icon="list">Views</Button>} />
      <Popover.Portal>
        <Popover.Positioner align="end" sideOffset={6} style={{ zIndex: "var(--z-popover)" }}>
          <Popover.Popup className={styles["chooser"]} aria-label="Views">
            <header>
              <form className={styles["saveView"]} onSubmit={save}>
                <Input
                  aria-label="Name of the view"
                  placeholder="Save what is shown as"
                  maxLength={60}
                  value={name}
                  onChange={({ target }) => setName(target.value)}
                />
                <Button type="submit" disabled={name.trim() === ""}>
                  Save
                </Button>
              </form>
            </header>
            {error !== null && <ErrorNotice error={error} />}
            {views.data?.length === 0 && <p className={styles["noViews"]}>No views yet.</p>}
            <ul aria-label="Saved views">
              {(views.data ?? []).map((view) => (
                <li key={view.name}>
                  <Popover.Close className={styles["view"]} onClick={() => onOpen(view)}>
                    <span className="clip">{visible(view.name)}</span>
                    <span className="mono subtle clip">{visible(view.query)}</span>
                  </Popover.Close>
                  <Button
                    kind="quiet"
                    size="small"
                    icon="close"
                    aria-label={`Delete the view ${visible(view.name)}`}
                    onClick={() => remove(view)}
                  />
                </li>
              ))}
            </ul>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
