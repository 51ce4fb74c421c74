import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { formatBytes } from "../../../shared/format.ts";
import type { AttemptView } from "../../../shared/views.ts";
import { visible, visibleLines } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { Panel } from "../../ui/layout.tsx";
import { EmptyState, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { Scroll } from "../../ui/scroll.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import styles from "./page.module.css";

type File = { path: string; sha256: string; size: number; stage: string; attempt: number };

const columns: Column<File>[] = [
  {
    id: "path",
    title: "File",
    width: 240,
    cell: ({ path }) => <span className="mono clip">{visible(path)}</span>,
  },
  { id: "stage", title: "Stage", width: 80, cell: ({ stage }) => stage },
  { id: "attempt", title: "Attempt", width: 76, align: "right", cell: ({ attempt }) => attempt },
  {
    id: "size",
    title: "Size",
    width: 90,
    align: "right",
    cell: ({ size }) => formatBytes(size),
  },
  {
    id: "sha256",
    title: "SHA-256",
    width: 100,
    cell: ({ sha256 }) => (
      <span className="mono subtle" title={sha256}>
        {sha256.slice(0, 10)}
      </span>
    ),
  },
];

/** What the attempts of a run left; the chosen one is shown beside them. */
export function Files({ run, attempts }: { run: string; attempts: readonly AttemptView[] }) {
  const [chosen, setChosen] = useState<File | null>(null);
  const files = attempts.flatMap((attempt) =>
    attempt.files.map((file) => ({ ...file, stage: attempt.stage, attempt: attempt.attempt })),
  );
  if (files.length === 0)
    return <EmptyState title="No files yet">Files appear when a stage ends.</EmptyState>;
  return (
    <div className={styles["files"]}>
      <Table<File>
        label="Files"
        columns={columns}
        count={files.length}
        rowAt={(index) => files[index]}
        isSelected={(file) => areSame(file, chosen)}
        onOpen={setChosen}
      />
      {chosen ? (
        <Preview key={chosen.sha256} run={run} file={chosen} />
      ) : (
        <p className={styles["noFile"]}>A click or Enter on a file shows what is in it.</p>
      )}
    </div>
  );
}

function areSame(a: File, b: File | null): boolean {
  return b !== null && a.sha256 === b.sha256 && a.path === b.path && a.attempt === b.attempt;
}

function Preview({ run, file }: { run: string; file: File }) {
  const { data, error } = useQuery(
    core.runs.file.queryOptions({ input: { run, sha256: file.sha256 }, gcTime: 30_000 }),
  );
  return (
    <Panel
      title={<span className="mono">{visible(file.path)}</span>}
      aside={<span className="muted num">{formatBytes(file.size)}</span>}
      className={styles["preview"]}
    >
      {error && <ErrorNotice error={error} />}
      {!data && !error && <Skeleton lines={6} />}
      {data?.kind === "text" && (
        <Scroll label={`Content of ${visible(file.path)}`} className={styles["previewText"]}>
          <pre>
            {visibleLines(pretty(file.path, data.text, data.isWhole))}
            {!data.isWhole && "\n…"}
          </pre>
        </Scroll>
      )}
      {data?.kind === "image" && (
        <div className={styles["previewImage"]}>
          <img alt={visible(file.path)} src={`data:${data.type};base64,${data.base64}`} />
        </div>
      )}
      {data?.kind === "other" && <p className={styles["noFile"]}>{data.reason}</p>}
    </Panel>
  );
}

/** JSON with a line for each value; other text as it is. */
function pretty(path: string, text: string, isWhole: boolean): string {
  if (!isWhole || !/\.json$/i.test(path)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // called JSON, and none
  }
}
