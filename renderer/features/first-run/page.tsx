import { useQueries, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { formatDuration } from "../../../shared/format.ts";
import type { LeaderboardView, RunDetail } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { PageHeader } from "../../app/page-header.tsx";
import { core } from "../../rpc/client.ts";
import { classes } from "../../ui/classes.ts";
import { Button } from "../../ui/button.tsx";
import { Logo } from "../../ui/icon.tsx";
import { Panel } from "../../ui/layout.tsx";
import { CopyLine, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { formatFixed } from "../../ui/numbers.ts";
import { State } from "../../ui/state.tsx";
import { Sparkline } from "../runs/sparkline.tsx";
import { Gate } from "./gate.tsx";
import styles from "./page.module.css";
import { isOver, type Step, stepsOf, weakestGate } from "./progress.ts";

const route = getRouteApi("/first-run/$sweep");

/** What is drawn of a training, by the digits kit's own name. */
const curveMetric = "train/loss";
/** As the kit's set has them, until the first evaluations say it themselves. */
const expectedAttacks = ["fgm", "pgd", "ddn", "deepfool", "boundary"];

/** The digits demo as it happens: models are trained, go through the gates and are ranked. */
export function FirstRunPage() {
  const id = route.useParams().sweep;
  const sweep = useQuery(
    core.sweeps.get.queryOptions({ input: { sweep: id }, meta: { follows: ["run", "sweep"] } }),
  );
  const board = useQuery(
    core.leaderboard.get.queryOptions({
      input: {},
      meta: { follows: ["evaluation", "attack-set"] },
    }),
  );
  const ids = sweep.data?.cells.flatMap(({ runId }) => runId ?? []) ?? [];
  const details = useQueries({
    queries: ids.map((run) =>
      core.runs.get.queryOptions({
        input: { run },
        meta: { follows: ["run", "job", "evaluation"] },
      }),
    ),
  });
  const runs = details.flatMap(({ data }) => data ?? []);
  const error = sweep.error ?? board.error ?? details.find((detail) => detail.error)?.error;
  return (
    <>
      <PageHeader title="The demo" above={<Link to="/runs">Runs</Link>} />
      {error ? (
        <ErrorNotice error={error} onRetry={() => void sweep.refetch()} />
      ) : sweep.data ? (
        <Demo
          runs={runs}
          cells={sweep.data.cells.length}
          startedAt={sweep.data.createdAt}
          board={board.data}
        />
      ) : (
        <Skeleton lines={10} />
      )}
    </>
  );
}

function Demo({
  runs,
  cells,
  startedAt,
  board,
}: {
  runs: readonly RunDetail[];
  cells: number;
  startedAt: number;
  board: LeaderboardView | undefined;
}) {
  const navigate = useNavigate();
  const models = new Set(runs.map(({ model }) => model));
  const ranked = (board?.ranked ?? []).filter(({ modelId }) => models.has(modelId));
  const over = isOver(runs, cells);
  const failed = runs.filter(({ state }) => state === "failed");
  return (
    <div className={styles["demo"]}>
      <div className={styles["head"]}>
        <Logo size={48} />
        <div className="grow">
          <h2 className={styles["title"]}>
            {over
              ? `${ranked.length} of ${cells} models came through the gauntlet`
              : `${cells} models are running the gauntlet`}
          </h2>
          <p className={styles["text"]}>
            They learn 28 × 28 digits on this machine; then five attacks look for the smallest
            change that fools each, and a program that knows no attack verifies what they found.
          </p>
        </div>
        {!over && <Elapsed since={startedAt} />}
        {over && (
          <Button
            kind="primary"
            size="large"
            icon="shield"
            onClick={() => void navigate({ to: "/robustness" })}
          >
            Read the leaderboard
          </Button>
        )}
      </div>
      <Steps steps={stepsOf(runs, cells, ranked.length)} />
      {failed.length > 0 && (
        <p className={styles["failed"]}>
          <State state="failed" text={`${failed.length} of ${cells} failed`} /> Open a run below to
          read why, and start it once more from there.
        </p>
      )}
      <Gates runs={runs} board={board} />
      <div className={styles["next"]}>
        <Panel title="Look closer">
          <div className={styles["card"]}>
            <p>Curves, log, files and the exact command of each run.</p>
            <Button icon="list" onClick={() => void navigate({ to: "/runs" })}>
              Open the runs
            </Button>
          </div>
        </Panel>
        <Panel title="Bring your own experiment">
          <div className={styles["card"]}>
            <p>A folder with your program and a gauntlet.yaml beside it; in a terminal:</p>
            <CopyLine text="npx gauntlet init my-experiment" />
            <Button icon="play" onClick={() => void navigate({ to: "/launch" })}>
              Open a folder
            </Button>
          </div>
        </Panel>
        <Panel title="Test a model you have">
          <div className={styles["card"]}>
            <p>Any program that answers for it will do: a Python function or a server.</p>
            <CopyLine text="npx gauntlet models import --help" />
          </div>
        </Panel>
      </div>
    </div>
  );
}

function Steps({ steps }: { steps: readonly Step[] }) {
  return (
    <ol className={styles["steps"]} aria-label="How far it is">
      {steps.map(({ title, done, of, state }) => (
        <li key={title} data-state={state}>
          <State state={state} text={title} />
          <span className="subtle num">
            {done} of {of}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Gates({
  runs,
  board,
}: {
  runs: readonly RunDetail[];
  board: LeaderboardView | undefined;
}) {
  const told = runs.find(({ evaluations }) => evaluations.length > 0)?.evaluations;
  const attacks = told
    ? told.map(({ attack }) => attack)
    : expectedAttacks.map((name) => `${name}@`);
  const threat = board?.threatModel;
  return (
    <Panel
      title="The gates"
      aside={
        threat && (
          <span className="subtle num">
            median {threat.norm.toUpperCase()} · bounds [{threat.bounds.join(", ")}] · N ={" "}
            {threat.samples}
          </span>
        )
      }
    >
      <table className={styles["gates"]}>
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col" style={{ width: 168 }}>
              Training loss
            </th>
            <th scope="col" style={{ width: 88 }} className={styles["right"]}>
              Accuracy
            </th>
            {attacks.map((attack) => (
              <th
                key={attack}
                scope="col"
                style={{ width: 66 }}
                className={classes(styles["centre"], "clip")}
              >
                {visible(attack.split("@", 1)[0] ?? attack)}
              </th>
            ))}
            <th scope="col" style={{ width: 124 }} className={styles["right"]}>
              Score
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <Model key={run.id} run={run} attacks={attacks} board={board} />
          ))}
        </tbody>
      </table>
      <p className="caption">
        Each arch is an attack; its number is the median distance by which it had to move an image.
        The score takes each image&rsquo;s smallest distance over all of them, so that it is never
        above the lowest gate, which is the coloured one.
      </p>
    </Panel>
  );
}

function Model({
  run,
  attacks,
  board,
}: {
  run: RunDetail;
  attacks: readonly string[];
  board: LeaderboardView | undefined;
}) {
  const rank = board?.ranked.find(({ modelId }) => modelId === run.model);
  const accuracy = run.summary["accuracy"];
  const weakest = weakestGate(run.evaluations);
  return (
    <tr>
      <th scope="row">
        <Link to="/runs/$run" params={{ run: run.id }} className="medium">
          {visible(run.name)}
        </Link>
        <span className="mono subtle clip">{visible(run.label)}</span>
      </th>
      <td>
        {run.state === "queued" ? (
          <State state="queued" />
        ) : run.state === "failed" ? (
          <State state="failed" text={run.reason} />
        ) : (
          <Sparkline run={run} metric={curveMetric} width={132} height={34} />
        )}
      </td>
      <td className={styles["right"]}>
        {typeof accuracy === "number" ? (
          `${formatFixed(accuracy * 100, 1)} %`
        ) : (
          <span className="subtle">–</span>
        )}
      </td>
      {attacks.map((attack) => (
        <td key={attack} className={styles["centre"]}>
          <Gate
            attack={visible(attack.split("@", 1)[0] ?? attack)}
            evaluation={run.evaluations.find((each) => each.attack === attack)}
            isWeakest={attack === weakest}
          />
        </td>
      ))}
      <td className={styles["right"]}>
        {rank ? (
          <>
            <b className={styles["score"]}>{formatFixed(rank.score, 3)}</b>
            <span className="subtle"> rank {rank.rank}</span>
          </>
        ) : (
          <span className="subtle">–</span>
        )}
      </td>
    </tr>
  );
}

/** How long it has been going, second by second. */
function Elapsed({ since }: { since: number }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <div className={styles["elapsed"]}>
      <span className={styles["score"]}>{formatDuration(Math.max(0, now - since))}</span>
      <span className="muted">about a minute where nothing else runs</span>
    </div>
  );
}
