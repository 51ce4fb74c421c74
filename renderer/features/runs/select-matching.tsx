import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { RunRow } from "../../../shared/runs-table.ts";
import { client } from "../../rpc/client.ts";
import { useKeys } from "../../state/keys.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";
import styles from "./page.module.css";
import type { TableRequest } from "./use-table.ts";

/** More are not acted on at once; the core takes no larger change. */
const mostSelected = 10_000;
const pageSize = 1000;

type Selection = ReadonlyMap<string, RunRow>;

/** Offers to select every run that matches, once some are selected: also those out of view. */
export function SelectMatching({
  request,
  matching,
  selected,
  onSelect,
}: {
  request: TableRequest;
  /** Runs that match the query; undefined before the first answer. */
  matching: number | undefined;
  selected: Selection;
  onSelect(selected: Selection): void;
}) {
  const [read, setRead] = useState(0);
  const select = useMutation({
    mutationFn: () => rowsOf(request, setRead),
    onSuccess: (rows) => onSelect(new Map([...selected, ...rows])),
  });
  const wanted = Math.min(matching ?? 0, mostSelected);
  const isOffered = selected.size > 0 && selected.size < wanted && request.group === null;
  useKeys({ a: () => isOffered && !select.isPending && select.mutate() });
  if (!isOffered) return null;
  const amount = wanted.toLocaleString("en-US");
  return (
    <div className={styles["selection"]} role="group" aria-label="Select more">
      <Button size="small" disabled={select.isPending} onClick={() => select.mutate()}>
        {wanted === matching
          ? `Select all ${amount} that match`
          : `Select the first ${amount} of ${(matching ?? 0).toLocaleString("en-US")} that match`}{" "}
        <kbd>A</kbd>
      </Button>
      {select.isPending && (
        <span className="muted num" role="status">
          {read.toLocaleString("en-US")} of {amount} read
        </span>
      )}
      {select.error && <ErrorNotice error={select.error} />}
    </div>
  );
}

/** The runs of a request in its order, page by page; `onRead` is told how many there are so far. */
async function rowsOf(request: TableRequest, onRead: (read: number) => void): Promise<Selection> {
  const rows = new Map<string, RunRow>();
  onRead(0);
  for (let offset = 0; offset < mostSelected; offset += pageSize) {
    const page = await client.runs.table({ ...request, columns: [], limit: pageSize, offset });
    for (const run of page.rows) rows.set(run.id, run);
    onRead(rows.size);
    if (page.rows.length < pageSize) break;
  }
  return rows;
}
