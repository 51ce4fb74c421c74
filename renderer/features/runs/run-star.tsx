import type { RunView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { annotate } from "../../state/annotate.ts";
import { Star } from "../../ui/star.tsx";

/** The star of a run, which can be taken back. */
export function RunStar({ run }: { run: Pick<RunView, "id" | "name" | "starred"> }) {
  const { id, starred } = run;
  const name = visible(run.name);
  return (
    <Star
      on={starred}
      label={name}
      onToggle={() =>
        void annotate(`${starred ? "Star removed from" : "Starred"} ${name}`, [
          { run: id, starred: !starred },
        ])
      }
    />
  );
}
