import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { formatCount, formatDuration, shortId } from "../../../shared/format.ts";
import type { RunDetail } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { PageHeader } from "../../app/page-header.tsx";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { Facts, Panel } from "../../ui/layout.tsx";
import { CopyLine, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { formatNumber } from "../../ui/numbers.ts";
import { Patch } from "../../ui/patch.tsx";
import { State } from "../../ui/state.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { Tags } from "../../ui/tags.tsx";
import { When } from "../../ui/when.tsx";
import { RunStar } from "../runs/run-star.tsx";
import { TagEditor } from "../runs/tag-editor.tsx";
import { Attempts } from "./attempts.tsx";
import { Charts } from "./charts.tsx";
import { Evaluations } from "./evaluations.tsx";
import { Files } from "./files.tsx";
import { Lineage } from "./lineage.tsx";
import { LogView } from "./log-view.tsx";
import { Notes } from "./notes.tsx";
import styles from "./page.module.css";
import { type RunTab, runTabs } from "./search.ts";
import { Resources } from "./resources.tsx";
import { Stages } from "./stages.tsx";
import { Surroundings } from "./surroundings.tsx";

const route = getRouteApi("/runs/$run");

export function RunPage() {
  const id = route.useParams().run;
  const { data, error, refetch } = useQuery(
    core.runs.get.queryOptions({
      input: { run: id },
      meta: { follows: ["run", "job", "evaluation"] },
    }),
  );
  if (error)
    return (
      <>
        <PageHeader title="Run" above={<Link to="/runs">Runs</Link>} />
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      </>
    );
  if (!data)
    return (
      <>
        <PageHeader title="Run" above={<Link to="/runs">Runs</Link>} />
        <Skeleton lines={10} />
      </>
    );
  return <Loaded key={data.id} run={data} />;
}

function Loaded({ run }: { run: RunDetail }) {
  const { tab = "overview" } = route.useSearch();
  const navigate = route.useNavigate();
  const rerun = useMutation(
    core.runs.rerun.mutationOptions({
      onSuccess: (made) => void navigate({ to: "/runs/$run", params: { run: made.run } }),
    }),
  );
  const stop = useMutation(core.runs.stop.mutationOptions());
  const unfinishedEvaluations = run.evaluations.some(({ state }) =>
    ["queued", "attacking", "verifying"].includes(state),
  );
  const isUnfinished = run.state === "queued" || run.state === "running" || unfinishedEvaluations;
  const files = run.attempts.reduce((sum, attempt) => sum + attempt.files.length, 0);
  const counts: Partial<Record<RunTab, number>> = { files, attempts: run.attempts.length };
  const setTab = (next: RunTab) =>
    void navigate({ search: { tab: next === "overview" ? undefined : next }, replace: true });

  return (
    <>
      <PageHeader title={visible(run.name)} above={<Link to="/runs">Runs</Link>}>
        <Button
          icon="compare"
          onClick={() => void navigate({ to: "/compare", search: { runs: [run.id] } })}
        >
          Compare
        </Button>
        <Button
          onClick={() =>
            void navigate({
              to: "/launch",
              search: {
                folder: run.folder,
                seed: String(run.seed),
                values: Object.fromEntries(
                  Object.entries(run.parameters).map(([name, value]) => [name, String(value)]),
                ),
              },
            })
          }
        >
          Edit and launch…
        </Button>
        <Button
          icon="rerun"
          disabled={rerun.isPending}
          onClick={() => rerun.mutate({ run: run.id })}
        >
          Re-run
        </Button>
        {isUnfinished && (
          <Button
            kind="danger"
            icon="stop"
            disabled={stop.isPending}
            onClick={() => stop.mutate({ run: run.id })}
          >
            Stop
          </Button>
        )}
      </PageHeader>
      <div className={styles["head"]}>
        <div className="row">
          <RunStar run={run} />
          <span className="subject" dir="auto">
            {visible(run.name)}
          </span>
          <span className="mono subtle">{shortId(run.id)}</span>
          <State state={run.state} badge text={run.reason ? `${run.state}: ${run.reason}` : null} />
          <Tags tags={run.tags} />
          <span className="grow" />
          <TagEditor runs={[run]} />
        </div>
        <div className="muted num clip">
          {visible(run.experiment)} version {run.version}
          {run.label && ` · ${visible(run.label)}`} · created <When time={run.createdAt} />
          {run.startedAt !== null &&
            run.endedAt !== null &&
            ` · took ${formatDuration(run.endedAt - run.startedAt)}`}
        </div>
      </div>
      {rerun.error && <ErrorNotice error={rerun.error} />}
      {stop.error && <ErrorNotice error={stop.error} />}
      <Stages run={run} />
      <Tabs
        label="Parts of the run"
        value={tab}
        tabs={runTabs.map((value) => ({ value, title: titles[value], count: counts[value] }))}
        onChange={setTab}
      />
      {tab === "overview" && <Overview run={run} isUnfinished={isUnfinished} />}
      {tab === "log" && <LogView run={run.id} isLive={isUnfinished} stages={run.attempts} />}
      {tab === "resources" && <Resources run={run.id} isLive={isUnfinished} />}
      {tab === "files" && <Files run={run.id} attempts={run.attempts} />}
      {tab === "attempts" && <Attempts attempts={run.attempts} />}
    </>
  );
}

const titles: Record<RunTab, string> = {
  overview: "Overview",
  log: "Log",
  resources: "Resources",
  files: "Files",
  attempts: "Attempts",
};

function Overview({ run, isUnfinished }: { run: RunDetail; isUnfinished: boolean }) {
  const summary = Object.entries(run.summary);
  const train = run.attempts.findLast(({ stage }) => stage === "train") ?? run.attempts.at(-1);
  return (
    <div className={styles["overview"]}>
      <div className="col">
        <Charts run={run.id} start={run.startedAt ?? run.createdAt} isLive={isUnfinished} />
        {run.evaluations.length > 0 && <Evaluations evaluations={run.evaluations} />}
      </div>
      <div className={styles["side"]}>
        {summary.length > 0 && (
          <Panel title="Results">
            <Facts
              items={summary.map(([name, value]) => ({
                name: visible(name),
                value: written(value),
              }))}
            />
          </Panel>
        )}
        <Panel title="Parameters">
          <Facts
            items={[
              ...Object.entries(run.parameters).map(([name, value]) => ({
                name: visible(name),
                value: written(value),
              })),
              { name: "seed", value: run.seed },
            ]}
          />
        </Panel>
        <Lineage run={run} />
        <Notes key={run.notes} run={run} />
        <Panel title="Command and code">
          <div className={styles["code"]}>
            {train && <CopyLine text={train.command.map(quoted).join(" ")} />}
            {train && <Surroundings container={train.container} environment={train.environment} />}
            <Facts
              items={[
                { name: "folder", value: <span className="mono">{visible(run.folder)}</span> },
                {
                  name: "commit",
                  value: run.git.commit ? (
                    <span className="mono">
                      {run.git.commit.slice(0, 10)} {visible(run.git.branch ?? "")}
                    </span>
                  ) : (
                    "not under git"
                  ),
                },
              ]}
            />
            {run.git.diff && (
              <details>
                <summary>
                  {formatCount(run.git.diff.split("\n").length, "line")} of uncommitted changes
                </summary>
                <div className={styles["diff"]}>
                  <Patch lines={run.git.diff.split("\n")} />
                </div>
              </details>
            )}
          </div>
        </Panel>
      </div>
    </div>
  );
}

function written(value: unknown): string {
  if (typeof value === "number") return formatNumber(value);
  if (Array.isArray(value)) return value.map(written).join(", ");
  return visible(typeof value === "string" ? value : JSON.stringify(value));
}

/** An argument as one would type it in a shell. */
function quoted(argument: string): string {
  const shown = visible(argument);
  return /^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", String.raw`'\''`)}'`;
}
