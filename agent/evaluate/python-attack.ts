/** An attack in Python, called batch by batch through our host program. */
import type { Npy } from "../../shared/npy.ts";
import { decodeNpy } from "../../shared/npy.ts";
import type { Child } from "../child.ts";
import { checkPython, startPython } from "../child.ts";
import type { RunFolder } from "../run-folder.ts";
import type { AttackRunner, Batch } from "./attack-runner.ts";
import { AttackError } from "./attack-runner.ts";
import type { GateServer, Reply } from "./gate-server.ts";
import { floatRows, startGateServer } from "./gate-server.ts";

/**
 * The host fetches batches (GET /task, GET /task/x) and hands in what it found (POST /task/result)
 * or why it could not (POST /task/error), beside the model protocol, all on one connection.
 */
export async function startPythonAttack(
  entry: { file: string; name: string },
  folder: RunFolder,
): Promise<AttackRunner> {
  let current: PendingBatch | null = null;
  let server: GateServer | null = null;
  let host: Child | null = null;
  /** Wakes the host's call that waits for a batch. */
  let wake: (() => void) | null = null;
  /** Whether the host has loaded the attack: it asks for a batch only then. */
  let loaded = false;

  const route = async (call: string, body: Uint8Array): Promise<Reply | null> => {
    switch (call) {
      case "GET /task": {
        while (!current || current.taken)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        current.taken = true;
        loaded = true;
        const { x: _, ...about } = current.batch;
        return { json: { ...about, labels: [...about.labels] } };
      }
      case "GET /task/x":
        return current && { array: arrayOf(current.batch) };
      case "POST /task/result":
        handIn(current, body);
        return { empty: true };
      case "POST /task/error":
        current?.reject(new AttackError(errorText(body)));
        return { empty: true };
      default:
        return null;
    }
  };

  return {
    attack: async (batch, gate) => {
      server ??= await startGateServer(batch.shape, route);
      server.use(gate);
      const done = Promise.withResolvers<Float32Array>();
      const pending: PendingBatch = { batch, taken: false, ...done };
      current = pending;
      // A host that died in one batch is started again for the next, unless it cannot even load.
      if (!host || (host.ending() && loaded)) {
        wake = null;
        loaded = false;
        host = startPython("attack_host.py", [entry.file, entry.name], {
          cwd: folder.attack,
          env: { GAUNTLET_MODEL_URL: server.url, GAUNTLET_MODEL_TOKEN: server.token },
          stdout: "inherit",
        });
      }
      wake?.();
      const ended = host.ended.then((ending) => {
        checkPython(ending);
        throw new AttackError(`The attack's program ${ending.words}.`);
      });
      try {
        return await Promise.race([done.promise, ended]);
      } finally {
        current = null;
      }
    },
    close: async () => {
      await host?.stop();
      server?.close();
    },
  };
}

type PendingBatch = {
  batch: Batch;
  taken: boolean;
  resolve: (rows: Float32Array) => void;
  reject: (error: Error) => void;
};

function arrayOf({ x, ids, shape }: Batch): Npy {
  return { dtype: "<f4", shape: [ids.length, ...shape], data: x };
}

function handIn(pending: PendingBatch | null, body: Uint8Array): void {
  if (!pending) return;
  const { x, shape } = pending.batch;
  try {
    const rows = floatRows(decodeNpy(body), shape);
    if (rows.length === x.length) pending.resolve(rows);
    else throw new AttackError(`${rows.length} values; ${x.length}, as many as x has, are right.`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    pending.reject(new AttackError(`The attack returned something else than it should: ${why}`));
  }
}

function errorText(body: Uint8Array): string {
  const value: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
  if (typeof value === "object" && value !== null && "error" in value) return String(value.error);
  return "The attack failed and did not say why.";
}
