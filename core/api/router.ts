import { implement, onError, ORPCError } from "@orpc/server";
import { contract } from "../../shared/contract.ts";
import { GauntletError } from "../../shared/errors.ts";
import type { ErrorLog } from "../platform/error-log.ts";
import type { CoreContext } from "../services/context.ts";
import { activateAttackSet, addAttacks, saveAttackSet } from "../services/attacks.ts";
import { addDataset } from "../services/datasets.ts";
import { deleteRuns } from "../services/deletion.ts";
import { examine } from "../services/doctor.ts";
import { fillEvaluations } from "../services/evaluations.ts";
import { leaderboard } from "../services/leaderboard.ts";
import { readLog } from "../services/logs.ts";
import { findModel } from "../services/find.ts";
import { importModel } from "../services/models.ts";
import { progressOf, unfinished } from "../services/progress.ts";
import { robustnessCurve, robustnessMatrix } from "../services/robustness.ts";
import { findRun, stopRun, submitRun, submitSweep } from "../services/runs.ts";
import { version } from "../services/version.ts";
import {
  attackSetView,
  attackView,
  datasetView,
  modelDetail,
  modelView,
  runDetail,
  runView,
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
      doctor: os.system.doctor.handler(() => examine(context)),
    },
    runs: {
      submit: os.runs.submit.handler(async ({ input }) => ({
        run: await submitRun(context, input),
      })),
      list: os.runs.list.handler(({ input }) => {
        const { total, rows } = catalog.runs.list(input);
        return { total, runs: rows.map(runView) };
      }),
      get: os.runs.get.handler(({ input }) => runDetail(context, findRun(context, input.run))),
      log: os.runs.log.handler(({ input }) => readLog(context, input)),
      stop: os.runs.stop.handler(({ input }) => {
        const { run, stopped } = stopRun(context, input.run);
        return { run: run.id, name: run.name, stopped };
      }),
      delete: os.runs.delete.handler(({ input }) => deleteRuns(context, input.runs, input.dryRun)),
    },
    sweeps: {
      submit: os.sweeps.submit.handler(({ input }) => submitSweep(context, input)),
    },
    work: {
      progress: os.work.progress.handler(({ input }) =>
        progressOf(context, input.runs, input.evaluations),
      ),
      resume: os.work.resume.handler(() => {
        context.engine.setWorking(true);
        return unfinished(context);
      }),
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
      saveSet: os.attacks.saveSet.handler(({ input }) =>
        attackSetView(saveAttackSet(context, input)),
      ),
      activate: os.attacks.activate.handler(({ input }) =>
        attackSetView(activateAttackSet(context, input.set)),
      ),
    },
    datasets: {
      list: os.datasets.list.handler(() => catalog.datasets.list().map(datasetView)),
      add: os.datasets.add.handler(async ({ input }) =>
        datasetView(await addDataset(context, input.folder)),
      ),
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
