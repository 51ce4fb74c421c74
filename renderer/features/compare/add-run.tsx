import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Finder } from "../../ui/finder.tsx";
import { useFoundRuns } from "../runs/find-runs.ts";

const mostShown = 12;

/** Adds runs to a comparison, found by name. */
export function AddRun({
  compared,
  onAdd,
}: {
  compared: readonly string[];
  onAdd(run: string): void;
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button size="small" icon="plus" onClick={() => setOpen(true)}>
        Add a run
      </Button>
      <Dialog open={isOpen} onClose={() => setOpen(false)} title="Add a run" hideTitle top>
        <Runs
          compared={compared}
          onTake={(run) => {
            setOpen(false);
            onAdd(run);
          }}
        />
      </Dialog>
    </>
  );
}

function Runs({ compared, onTake }: { compared: readonly string[]; onTake(run: string): void }) {
  const [text, setText] = useState("");
  // Those that are compared already are left out of what was found.
  const found = useFoundRuns(text, mostShown + compared.length);
  const options = found.filter(({ id }) => !compared.includes(id)).slice(0, mostShown);
  return (
    <Finder
      label="Find a run to compare with"
      text={text}
      onText={setText}
      options={options}
      onTake={({ id }) => onTake(id)}
    />
  );
}
