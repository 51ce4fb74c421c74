import { formatBytes } from "../../../shared/format.ts";
import type { AttemptView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { EmptyState } from "../../ui/notices.tsx";
import { type Column, Table } from "../../ui/table.tsx";

type File = { path: string; sha256: string; size: number; stage: string; attempt: number };

const columns: Column<File>[] = [
  {
    id: "path",
    title: "File",
    width: 420,
    cell: ({ path }) => <span className="mono clip">{visible(path)}</span>,
  },
  { id: "stage", title: "Stage", width: 100, cell: ({ stage }) => stage },
  { id: "attempt", title: "Attempt", width: 80, align: "right", cell: ({ attempt }) => attempt },
  {
    id: "size",
    title: "Size",
    width: 100,
    align: "right",
    cell: ({ size }) => formatBytes(size),
  },
  {
    id: "sha256",
    title: "SHA-256",
    width: 170,
    cell: ({ sha256 }) => (
      <span className="mono subtle" title={sha256}>
        {sha256.slice(0, 16)}
      </span>
    ),
  },
];

/** What the attempts of a run left. */
export function Files({ attempts }: { attempts: readonly AttemptView[] }) {
  const files = attempts.flatMap((attempt) =>
    attempt.files.map((file) => ({ ...file, stage: attempt.stage, attempt: attempt.attempt })),
  );
  if (files.length === 0)
    return <EmptyState title="No files yet">Files appear when a stage ends.</EmptyState>;
  return (
    <Table<File>
      label="Files"
      columns={columns}
      count={files.length}
      rowAt={(index) => files[index]}
    />
  );
}
