import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { formatCount } from "../../../shared/format.ts";
import type { RunRow } from "../../../shared/runs-table.ts";
import { client } from "../../rpc/client.ts";
import { annotate } from "../../state/annotate.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";
import { DeleteRuns } from "./delete-runs.tsx";
import styles from "./page.module.css";
import { TagEditor } from "./tag-editor.tsx";

/** The core compares no more at once. */
const mostCompared = 100;

/** What can be done with the selected runs. Docked at the bottom, so that it hides no row. */
export function SelectionBar({
  runs,
  onChange,
  onClear,
}: {
  runs: readonly RunRow[];
  /** The rows as they are now. */
  onChange(runs: readonly RunRow[]): void;
  onClear(): void;
}) {
  const navigate = useNavigate();
  const unfinished = runs.filter(({ state }) => state === "queued" || state === "running");
  const act = useMutation({
    mutationFn: async (call: (run: string) => Promise<unknown>) => {
      for (const { id } of call === stop ? unfinished : runs) await call(id);
    },
    onSuccess: onClear,
  });
  const isStarred = runs.every(({ starred }) => starred);
  const star = async () => {
    const isDone = await annotate(
      `${isStarred ? "Star removed from" : "Starred"} ${formatCount(runs.length, "run")}`,
      runs.map(({ id }) => ({ run: id, starred: !isStarred })),
    );
    if (isDone) onChange(runs.map((run) => ({ ...run, starred: !isStarred })));
  };
  return (
    <div className={styles["selection"]} role="group" aria-label="Selected runs">
      <span className="medium num">{runs.length} selected</span>
      <Button
        kind="primary"
        icon="columns"
        disabled={runs.length < 2 || runs.length > mostCompared}
        onClick={() =>
          void navigate({ to: "/compare", search: { runs: runs.map(({ id }) => id) } })
        }
      >
        Compare <kbd>C</kbd>
      </Button>
      <Button onClick={() => void star()}>{isStarred ? "Remove star" : "Star"}</Button>
      <TagEditor
        runs={runs}
        onDone={(tags) =>
          onChange(runs.map((run) => ({ ...run, tags: tags.get(run.id) ?? run.tags })))
        }
      />
      <Button icon="rerun" disabled={act.isPending} onClick={() => act.mutate(rerun)}>
        Re-run {runs.length}
      </Button>
      {unfinished.length > 0 && (
        <Button kind="danger" icon="stop" disabled={act.isPending} onClick={() => act.mutate(stop)}>
          Stop {unfinished.length}
        </Button>
      )}
      <DeleteRuns runs={runs.map(({ id }) => id)} onDone={onClear} />
      {act.error && <ErrorNotice error={act.error} />}
      <span className="grow" />
      <Button kind="quiet" onClick={onClear}>
        Clear <kbd>Esc</kbd>
      </Button>
    </div>
  );
}

const rerun = (run: string) => client.runs.rerun({ run });
const stop = (run: string) => client.runs.stop({ run });
