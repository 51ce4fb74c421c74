import { implement, onError, ORPCError } from "@orpc/server";
import { contract } from "../../shared/contract.ts";
import { GauntletError } from "../../shared/errors.ts";
import type { ErrorLog } from "../platform/error-log.ts";
import { typedPath } from "../platform/typed-path.ts";
import type { CoreContext } from "../services/context.ts";
import { compareRuns, diffCode } from "../services/compare.ts";
import { annotate } from "../services/annotations.ts";
import { activateAttackSet, addAttacks, saveAttackSet } from "../services/attacks.ts";
import { cacheUse, limitDatasets, makeRoomAnew } from "../services/dataset-cache.ts";
import { previewDataset } from "../services/dataset-preview.ts";
import { runChallenge } from "../services/challenge/run.ts";
import { addDataset } from "../services/datasets.ts";
import { deleteRuns, deleteSweep } from "../services/deletion.ts";
import { startDemo } from "../services/demo.ts";
import { examine, examineDocker } from "../services/doctor.ts";
import { tableOf } from "../services/export/tables.ts";
import { writeTable } from "../services/export/write-table.ts";
import { fillEvaluations } from "../services/evaluations.ts";
import { readExperiment } from "../services/experiments.ts";
import { watchEvents } from "../services/events.ts";
import { previewFile } from "../services/file-preview.ts";
import { leaderboard } from "../services/leaderboard.ts";
import { followLog, readLog } from "../services/logs.ts";
import { findModel } from "../services/find.ts";
import { importModel } from "../services/models.ts";
import { metricCharts, seriesOfRun, sparklines } from "../services/metrics.ts";
import { gpuReport } from "../services/gpus.ts";
import { overview, queue } from "../services/overview.ts";
import { progressOf, resume } from "../services/progress.ts";
import { readiness } from "../services/readiness.ts";
import { resourceUse } from "../services/resource-use.ts";
import { robustnessCurve, robustnessMatrix } from "../services/robustness.ts";
import { findRun, rerun, stopRun, submitRun } from "../services/runs.ts";
import { querySql, runFields, runsTable } from "../services/runs-table.ts";
import {
  previewSweep,
  rerunSweep,
  setSweepPriority,
  stopSweep,
  submitSweep,
  sweepDetail,
  sweepView,
} from "../services/sweeps.ts";
import { removeSecret } from "../services/secrets.ts";
import { makeExperiment } from "../services/templates.ts";
import { version } from "../services/version.ts";
import {
  attackSetView,
  attackView,
  datasetView,
  modelDetail,
  modelView,
  listedRuns,
  runDetail,
} from "../services/views.ts";

export type CoreRouter = ReturnType<typeof createRouter>;

/** The contract over the use cases. Expected failures cross as GAUNTLET, others with a log id. */
export function createRouter(context: CoreContext, errorLog: ErrorLog) {
  const { catalog } = context;
  const os = implement(contract).use(
    onError((error) => {
      if (error instanceof ORPCError) throw error;
      throw toContractError(error, errorLog);
    }),
  );
  return os.router({
    system: {
      info: os.system.info.handler(() => ({
        version,
        pid: process.pid,
        data: context.folders.data,
      })),
      overview: os.system.overview.handler(() => overview(context)),
      queue: os.system.queue.handler(({ input }) => queue(context, input.limit)),
      gpus: os.system.gpus.handler(() => gpuReport(context)),
      doctor: os.system.doctor.handler(() => examine(context)),
      docker: os.system.docker.handler(() => examineDocker(context)),
      names: os.system.names.handler(({ input: { kind, ...range } }) => catalog.names(kind, range)),
    },
    secrets: {
      list: os.secrets.list.handler(() => context.secrets.list()),
      set: os.secrets.set.handler(async ({ input: { name, value } }) => {
        await context.secrets.set(name, value);
        context.engine.wake(); // A job may have waited for it.
        return { name };
      }),
      remove: os.secrets.remove.handler(({ input }) => removeSecret(context, input.name)),
    },
    experiments: {
      make: os.experiments.make.handler(({ input }) =>
        makeExperiment(input.template, typedPath(input.folder)),
      ),
      read: os.experiments.read.handler(({ input }) => readExperiment(input.folder)),
      readiness: os.experiments.readiness.handler(({ input }) => readiness(context, input)),
    },
    runs: {
      submit: os.runs.submit.handler(async ({ input }) => ({
        run: await submitRun(context, input),
      })),
      rerun: os.runs.rerun.handler(async ({ input }) => ({ run: await rerun(context, input) })),
      list: os.runs.list.handler(({ input }) => {
        const { total, rows } = catalog.runs.list(input);
        return { total, runs: listedRuns(context, rows) };
      }),
      table: os.runs.table.handler(({ input, signal }) => runsTable(context, input, signal)),
      fields: os.runs.fields.handler(() => runFields(context)),
      get: os.runs.get.handler(({ input }) => runDetail(context, findRun(context, input.run))),
      compare: os.runs.compare.handler(({ input }) => compareRuns(context, input.runs)),
      diffCode: os.runs.diffCode.handler(({ input }) => diffCode(context, input.a, input.b)),
      followLog: os.runs.followLog.handler(({ input, signal }) =>
        contractErrorsOf(followLog(context, input, signal), errorLog),
      ),
      log: os.runs.log.handler(({ input }) => readLog(context, input)),
      resources: os.runs.resources.handler(({ input }) => resourceUse(context, input.run)),
      file: os.runs.file.handler(({ input }) => previewFile(context, input)),
      stop: os.runs.stop.handler(({ input }) => {
        const { run, stopped } = stopRun(context, input.run);
        return { run: run.id, name: run.name, stopped };
      }),
      delete: os.runs.delete.handler(({ input }) => deleteRuns(context, input.runs, input.dryRun)),
      annotate: os.runs.annotate.handler(({ input }) => ({
        before: annotate(context, input.changes),
      })),
    },
    views: {
      list: os.views.list.handler(() => catalog.savedViews.list()),
      save: os.views.save.handler(({ input }) => {
        catalog.savedViews.save(input);
        return input;
      }),
      delete: os.views.delete.handler(({ input }) => ({
        deleted: catalog.savedViews.remove(input.name),
      })),
    },
    events: {
      watch: os.events.watch.handler(({ input, signal }) =>
        watchEvents(context, input.afterSeq, signal),
      ),
    },
    metrics: {
      series: os.metrics.series.handler(({ input }) => seriesOfRun(context, input.run)),
      chart: os.metrics.chart.handler(({ input, signal }) => metricCharts(context, input, signal)),
      sparklines: os.metrics.sparklines.handler(({ input, signal }) =>
        sparklines(context, input, signal),
      ),
    },
    demo: { start: os.demo.start.handler(() => startDemo(context)) },
    sql: os.sql.handler(({ input, signal }) => querySql(context, input, signal)),
    export: os.export.handler(async ({ input: { table, format, file } }) => ({
      file,
      rows: await writeTable(await tableOf(context, table), format, file),
    })),
    sweeps: {
      describe: os.sweeps.describe.handler(({ input }) => previewSweep(input.folder)),
      submit: os.sweeps.submit.handler(({ input }) => submitSweep(context, input)),
      list: os.sweeps.list.handler(({ input }) => {
        const { total, rows } = catalog.sweeps.list(input.limit, input.offset);
        return { total, sweeps: rows.map((sweep) => sweepView(context, sweep)) };
      }),
      get: os.sweeps.get.handler(({ input }) => sweepDetail(context, input)),
      rerun: os.sweeps.rerun.handler(({ input }) => rerunSweep(context, input)),
      stop: os.sweeps.stop.handler(({ input }) => stopSweep(context, input.sweep)),
      delete: os.sweeps.delete.handler(({ input }) => deleteSweep(context, input)),
      setPriority: os.sweeps.setPriority.handler(({ input }) => setSweepPriority(context, input)),
    },
    work: {
      progress: os.work.progress.handler(({ input }) => progressOf(context, input)),
      resume: os.work.resume.handler(() => resume(context)),
    },
    evaluations: {
      fill: os.evaluations.fill.handler(({ input }) => fillEvaluations(context, input)),
    },
    models: {
      list: os.models.list.handler(() =>
        catalog.models.list().map((model) => modelView(context, model)),
      ),
      get: os.models.get.handler(({ input }) =>
        modelDetail(context, findModel(context, input.model)),
      ),
      import: os.models.import.handler(async ({ input }) =>
        modelView(context, await importModel(context, input)),
      ),
    },
    attacks: {
      list: os.attacks.list.handler(() =>
        catalog.attacks.list().map((attack) => attackView(context, attack)),
      ),
      add: os.attacks.add.handler(async ({ input }) =>
        (await addAttacks(context, input.folder)).map((attack) => attackView(context, attack)),
      ),
      sets: os.attacks.sets.handler(() => catalog.attacks.sets().map(attackSetView)),
      saveSet: os.attacks.saveSet.handler(async ({ input }) =>
        attackSetView(await saveAttackSet(context, input)),
      ),
      activate: os.attacks.activate.handler(async ({ input }) =>
        attackSetView(await activateAttackSet(context, input.set)),
      ),
    },
    datasets: {
      list: os.datasets.list.handler(() => catalog.datasets.list().map(datasetView)),
      add: os.datasets.add.handler(async ({ input, signal }) => {
        const { dataset, ...how } = await addDataset(context, input, signal);
        // It was added whatever becomes of the others; this one itself may have to make room.
        await makeRoomAnew(context).catch((error: unknown) => errorLog.write(error, {}));
        return { ...datasetView(catalog.datasets.get(dataset.id)), ...how };
      }),
      cache: os.datasets.cache.handler(() => cacheUse(context)),
      limit: os.datasets.limit.handler(({ input }) => limitDatasets(context, input.limit)),
      packing: os.datasets.packing.handler(() => [...context.packing]),
      preview: os.datasets.preview.handler(({ input }) => previewDataset(context, input)),
    },
    challenge: {
      run: os.challenge.run.handler(({ input, signal }) => runChallenge(context, input, signal)),
      progress: os.challenge.progress.handler(() => [...context.challenges]),
    },
    leaderboard: {
      get: os.leaderboard.get.handler(({ input }) => leaderboard(context, input)),
    },
    robustness: {
      curve: os.robustness.curve.handler(({ input }) => robustnessCurve(context, input)),
      matrix: os.robustness.matrix.handler(({ input }) => robustnessMatrix(context, input)),
    },
  });
}

/** What an iterator throws comes after its handler has answered, past the handlers' own net. */
async function* contractErrorsOf<T>(
  values: AsyncGenerator<T, void>,
  errorLog: ErrorLog,
): AsyncGenerator<T, void> {
  try {
    yield* values;
  } catch (error) {
    throw toContractError(error, errorLog);
  }
}

function toContractError(error: unknown, errorLog: ErrorLog) {
  const expected = error instanceof GauntletError ? error : unexpected(error, errorLog);
  return new ORPCError("GAUNTLET", {
    defined: true,
    status: 422,
    message: expected.message,
    data: expected.toData(),
    cause: error,
  });
}

function unexpected(error: unknown, errorLog: ErrorLog): GauntletError {
  const id = errorLog.write(error, {});
  return new GauntletError("INTERNAL", `Something unexpected went wrong (log id ${id}).`, {
    cause: error,
  });
}
