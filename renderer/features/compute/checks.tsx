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

/** What `gauntlet doctor` says: it reads the whole catalog and looks for every stored file. */
export function Checks() {
  return (
    <AskedChecks
      title="Checks"
      action="Check this machine"
      about="Looks at the data folder, its disk, the catalog, every stored file, and the programs that jobs need; says how to mend what is amiss."
      query={core.system.doctor.queryOptions({ input: {}, enabled: false })}
    />
  );
}

/** The part of it that jobs in containers rest on; to see GPUs it starts a container. */
export function DockerChecks() {
  return (
    <AskedChecks
      title="Docker"
      action="Check Docker"
      about="Looks whether the Docker Engine answers, has room for images, and gives containers the GPUs; only experiments with an image need it."
      query={core.system.docker.queryOptions({ input: {}, enabled: false })}
    />
  );
}

/** Checks that take their time, made only when asked for. */
function AskedChecks({
  title,
  action,
  about,
  query,
}: {
  title: string;
  action: string;
  about: string;
  query: ReturnType<typeof core.system.doctor.queryOptions>;
}) {
  const { data, error, refetch, isFetching } = useQuery(query);
  return (
    <Panel
      title={title}
      aside={
        <Button size="small" icon="rerun" disabled={isFetching} onClick={() => void refetch()}>
          {isFetching ? "Checking" : data ? "Check again" : action}
        </Button>
      }
    >
      {error && <ErrorNotice error={error} />}
      {data ? (
        <PlainTable label={title} columns={columns} rows={data} keyOf={({ name }) => name} />
      ) : (
        <p className={styles["note"]}>{about}</p>
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
