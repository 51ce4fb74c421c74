import type { Database } from "better-sqlite3";
import type { JobView } from "../../shared/overview.ts";
import { fromJson } from "./json.ts";

type Row = Omit<JobView, "stopping" | "slots" | "gpus"> & {
  stopping: number;
  cpus: number;
  wantedGpus: number;
  gpuShare: number | null;
  gpus_json: string | null;
};

/** Jobs that have not ended, with the names of what they are of. */
export function createQueueCatalog(db: Database) {
  const columns = `j.id, j.stage, j.state, j.stop_requested AS stopping, j.condition,
    coalesce(r.name, m.name, j.stage) AS name, coalesce(j.run_id, m.run_id) AS run, m.id AS model,
    k.name || '@' || k.version AS attack, j.priority, j.cpus, j.gpus AS wantedGpus,
    json_extract(j.spec_json, '$.resources.gpu_share') AS gpuShare, j.created_at AS createdAt`;
  const about = `LEFT JOIN evaluation e ON e.id = j.evaluation_id
    LEFT JOIN model m ON m.id = e.model_id LEFT JOIN attack k ON k.id = e.attack_id
    LEFT JOIN run r ON r.id = j.run_id`;
  const active = db.prepare<[number], Row>(
    `SELECT ${columns}, a.gpus_json, a.started_at AS startedAt FROM job j ${about}
     LEFT JOIN attempt a ON a.job_id = j.id AND a.number = j.attempt
     WHERE j.state IN ('starting', 'running', 'collecting')
     ORDER BY j.priority DESC, j.id LIMIT ?`,
  );
  // As the engine takes them: see jobs.ts.
  const queued = db.prepare<[number], Row>(
    `SELECT ${columns}, NULL AS gpus_json, NULL AS startedAt FROM job j ${about}
     WHERE j.state = 'queued'
     ORDER BY j.stop_requested DESC, j.priority DESC, j.id LIMIT ?`,
  );
  const count = db
    .prepare<[], number>(
      `SELECT (SELECT count(*) FROM job WHERE state = 'queued') +
         (SELECT count(*) FROM job WHERE state IN ('starting', 'running', 'collecting'))`,
    )
    .pluck();
  return {
    list(limit: number): { total: number; jobs: JobView[] } {
      const underWay = active.all(limit);
      const rest = limit - underWay.length;
      const rows = rest > 0 ? [...underWay, ...queued.all(rest)] : underWay;
      return { total: count.get() ?? 0, jobs: rows.map(viewOf) };
    },
  };
}

function viewOf({ stopping, cpus, wantedGpus, gpuShare, gpus_json, ...row }: Row): JobView {
  return {
    ...row,
    stopping: stopping === 1,
    slots: { cpus, gpus: wantedGpus, gpuShare },
    gpus: gpus_json === null ? [] : fromJson(gpus_json),
  };
}
