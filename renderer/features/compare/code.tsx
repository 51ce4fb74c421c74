import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { formatCount } from "../../../shared/format.ts";
import type { CodeChange, RunView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { Field, Panel } from "../../ui/layout.tsx";
import { EmptyState, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { Patch } from "../../ui/patch.tsx";
import { Scroll } from "../../ui/scroll.tsx";
import { Select } from "../../ui/select.tsx";
import styles from "./page.module.css";

/** How the code of two of the runs differs, file by file. */
export function CodeDifference({ runs }: { runs: readonly RunView[] }) {
  const [chosen, setChosen] = useState<{ a?: string; b?: string }>({});
  const known = (id: string | undefined) => runs.find((run) => run.id === id)?.id;
  const a = known(chosen.a) ?? runs[0]?.id;
  const b = known(chosen.b) ?? runs[1]?.id;
  if (a === undefined || b === undefined)
    return <EmptyState title="Two runs are needed">One run has nothing to differ from.</EmptyState>;
  return (
    <>
      <div className={styles["tools"]}>
        <RunField
          label="From"
          runs={runs}
          run={a}
          onChoose={(id) => setChosen({ ...chosen, a: id })}
        />
        <RunField
          label="To"
          runs={runs}
          run={b}
          onChoose={(id) => setChosen({ ...chosen, b: id })}
        />
      </div>
      <Difference a={a} b={b} />
    </>
  );
}

function RunField({
  label,
  runs,
  run,
  onChoose,
}: {
  label: string;
  runs: readonly RunView[];
  run: string;
  onChoose(id: string): void;
}) {
  return (
    <Field label={label}>
      <Select
        value={run}
        options={runs.map(({ id, name }) => ({ value: id, text: visible(name) }))}
        onChange={onChoose}
      />
    </Field>
  );
}

function Difference({ a, b }: { a: string; b: string }) {
  const { data, error, refetch } = useQuery(
    core.runs.diffCode.queryOptions({ input: { a, b }, staleTime: Infinity }),
  );
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton lines={8} />;
  if (data.files.length === 0)
    return (
      <EmptyState title="The same code">
        All {formatCount(data.same, "file")} of the two runs are the same.
      </EmptyState>
    );
  return (
    <>
      <p className="muted num">
        {formatCount(data.files.length, "file")} differ, {data.same.toLocaleString("en-US")} are the
        same.
      </p>
      {data.files.map((file) => (
        <Change key={file.path} file={file} />
      ))}
    </>
  );
}

function Change({ file }: { file: CodeChange }) {
  // The first lines say the path, which the title does.
  const lines = file.patch?.split("\n").slice(4) ?? [];
  return (
    <Panel
      title={<span className="mono">{visible(file.path)}</span>}
      aside={<span className="muted">{file.change}</span>}
    >
      {file.patch === null ? (
        <p className={styles["noPatch"]}>No text, or too long to lay side by side.</p>
      ) : (
        <Scroll label={`Changes of ${visible(file.path)}`} className={styles["patch"]}>
          <Patch lines={lines} />
        </Scroll>
      )}
    </Panel>
  );
}
