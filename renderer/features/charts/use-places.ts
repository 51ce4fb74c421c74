import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { core } from "../../rpc/client.ts";
import { lineOf } from "./chart-data.ts";
import type { ChartAxis, ChartLine } from "./metric-charts.tsx";
import { asKept, byEpochs, from, type Places } from "./places.ts";

/** More epochs than these are told in proportion. */
const epochColumns = 1000;

/** Where each line's points are shown; undefined while that is not known. */
export function usePlaces(
  lines: readonly ChartLine[],
  axis: ChartAxis,
): readonly Places[] | undefined {
  const epochs = lines.flatMap((line) => line.epochs ?? []);
  const { data } = useQuery({
    ...core.metrics.chart.queryOptions({
      input: {
        series: epochs.map(({ id }) => ({ id })),
        axis: "step",
        columns: epochColumns,
      },
      // Another number of points makes another answer.
      queryKey: ["epochs", ...epochs.map(({ id, points }) => `${id} ${points}`)],
    }),
    enabled: axis === "epoch" && epochs.length === lines.length,
    placeholderData: (before) => (before?.length === lines.length ? before : undefined),
  });
  const starts = lines.map(({ start }) => start).join(" ");
  return useMemo(() => {
    if (axis === "time") return starts.split(" ").map((start) => from(Number(start)));
    if (axis !== "epoch") return starts.split(" ").map(() => asKept);
    return data?.map((chart) => {
      const { x, y } = lineOf(chart);
      return byEpochs(x, y) ?? asKept;
    });
  }, [axis, starts, data]);
}
