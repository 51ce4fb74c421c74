import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { formatBytes, formatCount, formatPercent } from "../../../shared/format.ts";
import type { GpuReport, GpuView, JobView } from "../../../shared/overview.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { Panel } from "../../ui/layout.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";
import { formatFixed } from "../../ui/numbers.ts";
import { type PlainColumn, PlainTable } from "../../ui/plain-table.tsx";
import styles from "./page.module.css";

/** Between two looks at the GPUs, ms: each asks their driver. */
const interval = 5000;

/** The GPUs: what each does, which job holds it, and who else uses it. */
export function Gpus({ jobs }: { jobs: readonly JobView[] }) {
  const { data, error, refetch } = useQuery(
    core.system.gpus.queryOptions({ input: {}, refetchInterval: interval }),
  );
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!data) return null;
  const { gpus, absent } = data;
  return (
    <Panel title="GPUs" aside={gpus.length > 0 && <Drivers report={data} />}>
      {absent === null ? (
        <PlainTable
          label="GPUs"
          columns={columnsOf(jobs)}
          rows={gpus}
          keyOf={({ index }) => String(index)}
        />
      ) : (
        <p className={styles["note"]}>
          {sentence(visible(absent))} Jobs that ask for a GPU cannot run here; those that ask for
          processors run.
        </p>
      )}
      {gpus.some(({ processes }) => processes.some(({ foreign }) => foreign)) && (
        <p className={styles["note"]}>
          A GPU that another program uses is given to no job until that has ended.
        </p>
      )}
    </Panel>
  );
}

function Drivers({ report: { gpus, cuda } }: { report: GpuReport }) {
  const driver = gpus[0]?.driver;
  return (
    <span className="muted num">
      {formatCount(gpus.length, "GPU")}
      {driver && `, driver ${visible(driver)}`}
      {cuda && `, CUDA ${visible(cuda)}`}
    </span>
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

const unknown = <span className="subtle">–</span>;

function columnsOf(jobs: readonly JobView[]): PlainColumn<GpuView>[] {
  return [
    { id: "index", title: "#", align: "right", cell: ({ index }) => index },
    { id: "name", title: "GPU", cell: ({ name }) => visible(name) },
    {
      id: "busy",
      title: "Busy",
      align: "right",
      cell: ({ utilisation }) => (utilisation === null ? unknown : formatPercent(utilisation)),
    },
    {
      id: "memory",
      title: "Memory",
      align: "right",
      cell: ({ memory, memoryUsed }) =>
        memoryUsed === null
          ? formatBytes(memory)
          : `${formatBytes(memoryUsed)} of ${formatBytes(memory)}`,
    },
    {
      id: "temperature",
      title: "Temperature",
      align: "right",
      cell: ({ temperature }) =>
        temperature === null ? unknown : `${formatFixed(temperature, 0)} °C`,
    },
    {
      id: "power",
      title: "Power",
      align: "right",
      cell: ({ power }) => (power === null ? unknown : `${formatFixed(power, 0)} W`),
    },
    { id: "job", title: "Held by", cell: (gpu) => <Holder gpu={gpu} jobs={jobs} /> },
    {
      id: "others",
      title: "Other programs",
      wraps: true,
      cell: ({ processes }) => {
        const others = processes.filter(({ foreign }) => foreign);
        return others.length === 0 ? unknown : others.map(textOf).join("; ");
      },
    },
  ];
}

function textOf({ name, pid, memory }: GpuView["processes"][number]): string {
  const program = `${visible(name)} (pid ${pid})`;
  return memory === null ? program : `${program}, ${formatBytes(memory)}`;
}

/** The job that has it, or those that share it. */
function Holder({ gpu: { index, processes }, jobs }: { gpu: GpuView; jobs: readonly JobView[] }) {
  const holders = jobs.filter(({ gpus }) => gpus.includes(index));
  if (holders.length === 0)
    return (
      <span className="muted">{processes.some(({ foreign }) => foreign) ? "no job" : "free"}</span>
    );
  return holders.map(({ id, run, name, slots: { gpuShare } }) => (
    <div key={id}>
      {run ? (
        <Link to="/runs/$run" params={{ run }}>
          {visible(name)}
        </Link>
      ) : (
        visible(name)
      )}
      {gpuShare !== null && <span className="muted num"> {formatFixed(gpuShare * 100, 0)} %</span>}
    </div>
  ));
}
