import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { formatBytes, formatCount } from "../../../shared/format.ts";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ErrorNotice, Skeleton } from "../../ui/notices.tsx";

/** A button that says first what would go, and deletes then. */
export function DeleteRuns({ runs, onDone }: { runs: readonly string[]; onDone(): void }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button kind="danger" onClick={() => setOpen(true)}>
        Delete…
      </Button>
      {open && <Question runs={[...runs]} onClose={() => setOpen(false)} onDone={onDone} />}
    </>
  );
}

function Question({ runs, onClose, onDone }: { runs: string[]; onClose(): void; onDone(): void }) {
  const plan = useQuery({
    ...core.runs.delete.queryOptions({ input: { runs, dryRun: true } }),
    gcTime: 0,
    staleTime: 0,
  });
  const remove = useMutation(
    core.runs.delete.mutationOptions({
      onSuccess: () => {
        onClose();
        onDone();
      },
    }),
  );
  const error = remove.error ?? plan.error;
  const what = plan.data;
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Delete ${formatCount(runs.length, "run")}?`}
      actions={
        <>
          <Button onClick={onClose}>Keep {runs.length === 1 ? "it" : "them"}</Button>
          <Button
            kind="danger"
            disabled={remove.isPending || !what}
            onClick={() => remove.mutate({ runs, dryRun: false })}
          >
            Delete {formatCount(runs.length, "run")}
          </Button>
        </>
      }
    >
      {what ? (
        <p>
          With {runs.length === 1 ? "it" : "them"} go {formatCount(what.models, "model")},{" "}
          {formatCount(what.evaluations, "evaluation")} and {formatCount(what.files, "file")},{" "}
          {formatBytes(what.bytes)}. This cannot be undone.
        </p>
      ) : (
        !error && <Skeleton lines={1} />
      )}
      {error && <ErrorNotice error={error} />}
    </Dialog>
  );
}
