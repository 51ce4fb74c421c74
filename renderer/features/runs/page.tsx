import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import type { RunField, RunRow } from "../../../shared/runs-table.ts";
import { visible } from "../../../shared/visible.ts";
import { PageHeader } from "../../app/page-header.tsx";
import { dataOf } from "../../rpc/errors.ts";
import { useKeys } from "../../state/keys.ts";
import { arrangeRunColumns, usePreferences } from "../../state/preferences.ts";
import { Button } from "../../ui/button.tsx";
import { Toolbar } from "../../ui/layout.tsx";
import { ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { Table } from "../../ui/table.tsx";
import { ColumnChooser } from "./column-chooser.tsx";
import { tableColumns } from "./columns.tsx";
import { differsIn } from "./differs.ts";
import { askedOf, defaultColumns, knownColumns } from "./fields.ts";
import { NoRuns } from "./no-runs.tsx";
import styles from "./page.module.css";
import { runFieldsQuery } from "./queries.ts";
import { QueryBar } from "./query-bar.tsx";
import { SelectMatching } from "./select-matching.tsx";
import { SelectionBar } from "./selection-bar.tsx";
import { useArranged, useArrangement } from "./use-arrangement.ts";
import { type TableRow, useRunsTable } from "./use-table.ts";
import { useQueryText } from "./use-query-text.ts";
import { ViewsMenu } from "./views-menu.tsx";

const route = getRouteApi("/runs");

export function RunsPage() {
  const fields = useQuery(runFieldsQuery);
  if (fields.error)
    return <ErrorNotice error={fields.error} onRetry={() => void fields.refetch()} />;
  if (!fields.data) return <Skeleton lines={8} />;
  return <RunsTablePage fields={fields.data} />;
}

function RunsTablePage({ fields }: { fields: readonly RunField[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { query: inAddress = "", sort = "-created", seeds = false } = search;
  const write = (change: Partial<typeof search>) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const { query, setQuery, forget } = useQueryText(inAddress, (next) =>
    write({ query: next === "" ? undefined : next }),
  );
  const setSearch = (change: Partial<typeof search>) => {
    if ("query" in change) forget();
    write(change);
  };
  const runColumns = usePreferences((preferences) => preferences.runColumns);
  const columnFields = useMemo(
    () => (runColumns ? knownColumns(runColumns, fields) : defaultColumns(fields)),
    [runColumns, fields],
  );
  const runPinned = usePreferences((preferences) => preferences.runPinned);
  const runWidths = usePreferences((preferences) => preferences.runWidths);
  const [selected, setSelected] = useState<ReadonlyMap<string, RunRow>>(new Map());
  const [onlyDifferent, setOnlyDifferent] = useState(false);
  const [anchor, setAnchor] = useState<number | null>(null);

  const sortField = sort.replace(/^-/, "");
  const descending = sort.startsWith("-");
  const asked = useMemo(() => askedOf(columnFields), [columnFields]);
  const request = useMemo(
    () => ({
      query,
      sort: [{ field: sortField, descending }],
      group: seeds ? ["seed"] : null,
      columns: asked,
    }),
    [query, sortField, descending, seeds, asked],
  );
  const table = useRunsTable(request);

  const { rowAt } = table;
  const select = useCallback(
    (row: TableRow, index: number, extend: boolean) => {
      if (row.kind !== "run") return;
      const next = new Map(selected);
      const from = extend && anchor !== null ? anchor : index;
      const isOn = !selected.has(row.run.id);
      for (let at = Math.min(from, index); at <= Math.max(from, index); at++) {
        const each = rowAt(at);
        if (each?.kind !== "run") continue;
        if (isOn) next.set(each.run.id, each.run);
        else next.delete(each.run.id);
      }
      setSelected(next);
      setAnchor(index);
    },
    [selected, anchor, rowAt],
  );

  useKeys({
    "/": () => document.getElementById("query")?.focus(),
    Escape: () => setSelected(new Map()),
    c: () => {
      const runs = [...selected.keys()];
      if (runs.length > 1) void navigate({ to: "/compare", search: { runs } });
    },
  });

  const textFields = useMemo(
    () =>
      new Set(
        fields.filter(({ type }) => type === "text" || type === "id").map(({ name }) => name),
      ),
    [fields],
  );
  const shownFields = onlyDifferent
    ? columnFields.filter((field) => differsIn(table.rows(), field, asked.indexOf(field)))
    : columnFields;
  // Kept as long as what they say does, so that rows are not drawn anew at each key.
  const shownNames = shownFields.join("\n");
  const columns = useMemo(
    () =>
      tableColumns({
        fields: shownNames === "" ? [] : shownNames.split("\n"),
        asked,
        isText: (field) => textFields.has(field),
        isSelected: ({ id }) => selected.has(id),
        onSelect: select,
      }),
    [shownNames, asked, textFields, selected, select],
  );
  const arrangement = useArrangement(columnFields);
  const arranged = useArranged(columns, { pinned: arrangement.pinned, isGrouped: seeds });
  const isEmpty = table.runs === 0 && query === "";
  // A query that the core refuses is told of under the bar, where it was typed.
  const refusal = dataOf(table.error)?.code === "QUERY_INVALID" ? table.error : null;

  if (isEmpty)
    return (
      <>
        <PageHeader title="Runs" />
        <NoRuns />
      </>
    );
  return (
    <>
      <PageHeader title="Runs">
        <Button kind="primary" icon="plus" onClick={() => void navigate({ to: "/launch" })}>
          New run
        </Button>
      </PageHeader>
      <Toolbar label="Choose what is shown">
        <QueryBar
          query={query}
          fields={fields}
          found={table.runs}
          refusal={refusal}
          onQuery={setQuery}
        />
        <Button
          icon="group"
          pressed={seeds}
          onClick={() => setSearch({ seeds: seeds ? undefined : true })}
        >
          Group seeds
        </Button>
        <Button pressed={onlyDifferent} onClick={() => setOnlyDifferent(!onlyDifferent)}>
          Only what differs
        </Button>
        <ColumnChooser fields={fields} chosen={columnFields} arrange={arrangement} />
        <ViewsMenu
          current={{
            query,
            sort,
            seeds,
            columns: runColumns && [...runColumns],
            pinned: [...runPinned],
            widths: runWidths,
          }}
          onOpen={(view) => {
            arrangeRunColumns(`Opened the view ${visible(view.name)}`, {
              runColumns: view.columns,
              runPinned: view.pinned,
              runWidths: view.widths,
            });
            forget();
            void navigate({
              search: {
                query: view.query || undefined,
                sort: view.sort,
                seeds: view.seeds || undefined,
              },
            });
          }}
        />
      </Toolbar>
      {table.error && !refusal ? (
        <ErrorNotice error={table.error} />
      ) : (
        <Table<TableRow>
          label="Runs"
          columns={arranged}
          arrange={arrangement}
          count={table.total ?? 0}
          rowAt={rowAt}
          onView={table.onView}
          sort={{ column: sortField, descending }}
          onSort={(field) =>
            setSearch({ sort: sortField === field && !descending ? `-${field}` : field })
          }
          onOpen={(row) => {
            if (row.kind === "run")
              void navigate({ to: "/runs/$run", params: { run: row.run.id } });
            else
              setSearch({
                query: `${query === "" ? "" : `(${query}) AND `}config = ${row.group.newest.config}`,
                seeds: undefined,
              });
          }}
          isSelected={(row) => row.kind === "run" && selected.has(row.run.id)}
          onSelect={select}
          isStrong={(row) => row.kind === "group"}
        />
      )}
      {table.total === 0 && !isEmpty && (
        <p className={styles["nothing"]}>
          No run matches.{" "}
          <Button size="small" onClick={() => setSearch({ query: undefined })}>
            Clear the query
          </Button>
        </p>
      )}
      <SelectMatching
        request={request}
        matching={table.runs}
        selected={selected}
        onSelect={setSelected}
      />
      {selected.size > 0 && (
        <SelectionBar
          runs={[...selected.values()]}
          onChange={(runs) => setSelected(new Map(runs.map((run) => [run.id, run])))}
          onClear={() => setSelected(new Map())}
        />
      )}
    </>
  );
}
