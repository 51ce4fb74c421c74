import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { formatBytes, formatCount } from "../../../shared/format.ts";
import type { GpuView, JobView } from "../../../shared/overview.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { Panel } from "../../ui/layout.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";
import { type PlainColumn, PlainTable } from "../../ui/plain-table.tsx";
import styles from "./page.module.css";

/** The GPUs, and which job holds each. */
export function Gpus({ jobs }: { jobs: readonly JobView[] }) {
  const { data, error, refetch } = useQuery(core.system.gpus.queryOptions({ input: {} }));
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!data) return null;
  return (
    <Panel
      title="GPUs"
      aside={
        data.length > 0 && <span className="muted num">{formatCount(data.length, "GPU")}</span>
      }
    >
      {data.length === 0 ? (
        <p className={styles["note"]}>
          No NVIDIA GPU answers (nvidia-smi). Jobs that ask for one cannot run here; those that ask
          for processors run.
        </p>
      ) : (
        <PlainTable
          label="GPUs"
          columns={columnsOf(jobs)}
          rows={data}
          keyOf={({ index }) => String(index)}
        />
      )}
    </Panel>
  );
}

function columnsOf(jobs: readonly JobView[]): PlainColumn<GpuView>[] {
  return [
    { id: "index", title: "#", align: "right", cell: ({ index }) => index },
    { id: "name", title: "GPU", cell: ({ name }) => visible(name) },
    { id: "driver", title: "Driver", cell: ({ driver }) => visible(driver) },
    {
      id: "memory",
      title: "Memory",
      align: "right",
      cell: ({ memory }) => formatBytes(memory),
    },
    {
      id: "job",
      title: "Held by",
      cell: ({ index }) => {
        const job = jobs.find(({ gpus }) => gpus.includes(index));
        if (!job) return <span className="muted">free</span>;
        return job.run ? (
          <Link to="/runs/$run" params={{ run: job.run }}>
            {visible(job.name)}
          </Link>
        ) : (
          visible(job.name)
        );
      },
    },
  ];
}
