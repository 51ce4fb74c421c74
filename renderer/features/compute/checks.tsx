import { useQuery } from "@tanstack/react-query";
import type { CheckView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { Panel } from "../../ui/layout.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";
import { type PlainColumn, PlainTable } from "../../ui/plain-table.tsx";
import { State } from "../../ui/state.tsx";
import styles from "./page.module.css";

/**
 * What `gauntlet doctor` says. Only when asked: it reads the whole catalog and looks for every
 * stored file.
 */
export function Checks() {
  const { data, error, refetch, isFetching } = useQuery(
    core.system.doctor.queryOptions({ input: {}, enabled: false }),
  );
  return (
    <Panel
      title="Checks"
      aside={
        <Button size="small" icon="rerun" disabled={isFetching} onClick={() => void refetch()}>
          {isFetching ? "Checking" : data ? "Check again" : "Check this machine"}
        </Button>
      }
    >
      {error && <ErrorNotice error={error} />}
      {data ? (
        <PlainTable label="Checks" columns={columns} rows={data} keyOf={({ name }) => name} />
      ) : (
        <p className={styles["note"]}>
          Looks at the data folder, its disk, the catalog, every stored file, and the programs that
          jobs need; says how to mend what is amiss.
        </p>
      )}
    </Panel>
  );
}

const columns: PlainColumn<CheckView>[] = [
  { id: "state", title: "State", cell: ({ state }) => <State state={state} /> },
  { id: "name", title: "What", cell: ({ name }) => name },
  {
    id: "detail",
    title: "Found",
    wraps: true,
    cell: ({ detail, hint }) => (
      <>
        {visible(detail)}
        {hint && <div className="muted">{visible(hint)}</div>}
      </>
    ),
  },
];
