import type { z } from "zod";
import type {
  MetricChart,
  metricChartInputSchema,
  MetricSeries,
  Sparkline,
  sparklinesInputSchema,
} from "../../shared/metrics.ts";
import type { CoreContext } from "./context.ts";
import { findRun } from "./runs.ts";

/** The series of all attempts of a run. Throws RUN_NOT_FOUND and NAME_AMBIGUOUS. */
export function seriesOfRun(context: CoreContext, run: string): Promise<MetricSeries[]> {
  return context.catalog.reader.read("metricSeries", findRun(context, run).id);
}

/** A window of some series, each in at most so many columns; read off the core's thread. */
export function metricCharts(
  { catalog }: Pick<CoreContext, "catalog">,
  input: z.infer<typeof metricChartInputSchema>,
  signal?: AbortSignal,
): Promise<MetricChart[]> {
  return catalog.reader.read("chartMetrics", input, { signal });
}

/** The course of one metric in the runs of these ids; read off the core's thread. */
export function sparklines(
  { catalog }: Pick<CoreContext, "catalog">,
  input: z.infer<typeof sparklinesInputSchema>,
  signal?: AbortSignal,
): Promise<Sparkline[]> {
  return catalog.reader.read("sparklines", input, { signal });
}
