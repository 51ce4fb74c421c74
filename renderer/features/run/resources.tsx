import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import type { ResourceUse } from "../../../shared/attempt-files.ts";
import { formatBytes, formatPercent } from "../../../shared/format.ts";
import { core } from "../../rpc/client.ts";
import { Panel } from "../../ui/layout.tsx";
import { EmptyState, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { formatFixed } from "../../ui/numbers.ts";
import styles from "./page.module.css";

// The drawing library comes when there is something to draw.
const TimeChart = lazy(async () => ({
  default: (await import("./time-chart.tsx")).TimeChart,
}));

type Sample = ResourceUse[number]["samples"][number];

type Quantity = {
  title: string;
  of(sample: Sample): number | null;
  text(value: number): string;
};

const quantities: Quantity[] = [
  { title: "Processors", of: ({ cpus }) => cpus, text: (value) => formatFixed(value, 2) },
  { title: "Memory", of: ({ memory }) => memory, text: formatBytes },
  { title: "GPU utilisation", of: ({ gpu }) => gpu, text: formatPercent },
  { title: "GPU memory", of: ({ gpuMemory }) => gpuMemory, text: formatBytes },
];

/** Temperature and power of each GPU that the samples tell of: each has its own limits. */
function ofGpus(samples: readonly Sample[]): Quantity[] {
  const indexes = [...new Set(samples.flatMap(({ gpus }) => gpus.map(({ index }) => index)))];
  return indexes
    .toSorted((a, b) => a - b)
    .flatMap((index) => {
      const at = (sample: Sample) => sample.gpus.find((gpu) => gpu.index === index);
      return [
        {
          title: `GPU ${index} temperature`,
          of: (sample: Sample) => at(sample)?.temperature ?? null,
          text: (value: number) => `${formatFixed(value, 0)} °C`,
        },
        {
          title: `GPU ${index} power`,
          of: (sample: Sample) => at(sample)?.power ?? null,
          text: (value: number) => `${formatFixed(value, 0)} W`,
        },
      ];
    });
}

/** Between two looks at what a run uses that goes on, ms. */
const interval = 2000;

/** What each attempt used over time; quantities that nothing told of are left out. */
export function Resources({ run, isLive }: { run: string; isLive: boolean }) {
  const { data, error, refetch } = useQuery(
    core.runs.resources.queryOptions({
      input: { run },
      refetchInterval: isLive ? interval : false,
      meta: { follows: ["job"] },
    }),
  );
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton lines={8} />;
  if (data.length === 0)
    return (
      <EmptyState title="Nothing was measured yet">
        Processors, memory and GPUs are looked at while a job runs.
      </EmptyState>
    );
  return (
    <div className={styles["pageBody"]}>
      {data.toReversed().map(({ stage, attempt, samples }) => (
        <section key={`${stage} ${attempt}`} className={styles["use"]}>
          <h2 className="medium">
            {stage}, attempt {attempt}
          </h2>
          <div className={styles["useCharts"]}>
            {[...quantities, ...ofGpus(samples)].map(({ title, of, text }) => {
              const values = samples.map(of);
              const known = values.filter((value) => value !== null);
              return (
                known.length > 0 && (
                  <Panel
                    key={title}
                    title={title}
                    aside={<span className="muted num">at most {text(Math.max(...known))}</span>}
                  >
                    <div className={styles["useChart"]}>
                      <Suspense fallback={null}>
                        <TimeChart
                          label={`${title} of ${stage}, attempt ${attempt}, at most ${text(Math.max(...known))}`}
                          times={samples.map(({ time }) => time)}
                          values={values}
                          text={text}
                        />
                      </Suspense>
                    </div>
                  </Panel>
                )
              );
            })}
          </div>
        </section>
      ))}
    </div>
  );
}
