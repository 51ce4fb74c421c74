import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { formatBytes, formatCount } from "../../../shared/format.ts";
import type { SweepView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";
import styles from "./page.module.css";

/** A button that says first what would go, and deletes then. */
export function DeleteSweep({ sweep }: { sweep: SweepView }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button kind="quiet" onClick={() => setOpen(true)}>
        Delete…
      </Button>
      {open && <Question sweep={sweep} onClose={() => setOpen(false)} />}
    </>
  );
}

function Question({ sweep, onClose }: { sweep: SweepView; onClose(): void }) {
  const navigate = useNavigate();
  const [withRuns, setWithRuns] = useState(false);
  const plan = useQuery({
    ...core.sweeps.delete.queryOptions({
      input: { sweep: sweep.id, withRuns: true, dryRun: true },
    }),
    gcTime: 0,
    staleTime: 0,
  });
  const remove = useMutation(
    core.sweeps.delete.mutationOptions({ onSuccess: () => navigate({ to: "/sweeps" }) }),
  );
  const error = remove.error ?? plan.error;
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Delete the sweep ${visible(sweep.name)}?`}
      actions={
        <>
          <Button onClick={onClose}>Keep the sweep</Button>
          <Button
            kind="danger"
            disabled={remove.isPending || (withRuns && !plan.data)}
            onClick={() => remove.mutate({ sweep: sweep.id, withRuns, dryRun: false })}
          >
            {withRuns && plan.data
              ? `Delete it and ${formatCount(plan.data.runs.length, "run")}`
              : "Delete the sweep"}
          </Button>
        </>
      }
    >
      <p>What it queued and which cells it has is forgotten. This cannot be undone.</p>
      <label className={styles["choice"]}>
        <input
          type="checkbox"
          checked={withRuns}
          onChange={({ target }) => setWithRuns(target.checked)}
        />
        <span>
          Its runs too, unless another sweep has them
          {plan.data &&
            `: ${formatCount(plan.data.runs.length, "run")}, ${formatCount(plan.data.models, "model")}, ${formatCount(plan.data.evaluations, "evaluation")}, ${formatBytes(plan.data.bytes)}`}
        </span>
      </label>
      {error && <ErrorNotice error={error} />}
    </Dialog>
  );
}
