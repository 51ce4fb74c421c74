import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import type { ValidExperiment } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { PageHeader } from "../../app/page-header.tsx";
import { core } from "../../rpc/client.ts";
import { usePreferences } from "../../state/preferences.ts";
import { EmptyState, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { type Draft, emptyDraft } from "./draft.ts";
import { FolderForm } from "./folder-form.tsx";
import { NewExperiment } from "./new-experiment.tsx";
import styles from "./page.module.css";
import { Problems } from "./problems.tsx";
import { Readiness } from "./readiness.tsx";
import { RunForm } from "./run-form.tsx";
import type { LaunchTab } from "./search.ts";
import { SweepForm } from "./sweep-form.tsx";

const route = getRouteApi("/launch");

/** Starts a run or a sweep of an experiment on the core's disk. */
export function LaunchPage() {
  const { folder } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, isFetching, refetch, dataUpdatedAt } = useQuery({
    ...core.experiments.read.queryOptions({
      input: { folder: folder ?? "" },
      enabled: folder !== undefined,
    }),
    // The file is mended in an editor: whoever comes back sees it as it is now.
    refetchOnWindowFocus: "always",
    refetchOnMount: "always",
  });
  const read = (next: string) => {
    if (next === folder) void refetch();
    else void navigate({ search: (before) => ({ ...before, folder: next }) });
  };
  return (
    <>
      <PageHeader title="Launch">
        <NewExperiment onMade={read} />
      </PageHeader>
      <FolderForm
        key={`form ${folder}`}
        folder={folder ?? ""}
        isReading={isFetching}
        onFolder={read}
      />
      {folder === undefined && <NoFolder onFolder={read} />}
      {folder !== undefined && error && <ErrorNotice error={error} />}
      {folder !== undefined && !error && !data && <Skeleton lines={8} />}
      {!error && data?.valid === false && <Problems {...data} />}
      {!error && data?.valid && (
        <Experiment key={`experiment ${data.folder}`} experiment={data} readAt={dataUpdatedAt} />
      )}
    </>
  );
}

function NoFolder({ onFolder }: { onFolder(folder: string): void }) {
  const folders = usePreferences((preferences) => preferences.folders);
  return (
    <EmptyState
      title="Name an experiment's folder"
      action={
        folders.length > 0 && (
          <ul className={styles["recent"]} aria-label="Launched before">
            {folders.map((folder) => (
              <li key={folder}>
                <button type="button" className="mono clip" onClick={() => onFolder(folder)}>
                  {visible(folder)}
                </button>
              </li>
            ))}
          </ul>
        )
      }
    >
      It is a folder on the machine that Gauntlet runs on, with your program and a{" "}
      <code className="mono">gauntlet.yaml</code>; the form comes from that file. “New experiment”
      makes one to begin with.
    </EmptyState>
  );
}

function Experiment({ experiment, readAt }: { experiment: ValidExperiment; readAt: number }) {
  const { tab = "run", values = {}, seed = emptyDraft.seed } = route.useSearch();
  const navigate = route.useNavigate();
  const [draft, setDraft] = useState<Draft>(() => ({
    ...emptyDraft,
    seed,
    // Values of a run that is edited; what the file does not know any more is left out.
    changed: Object.fromEntries(
      Object.entries(values).filter(([given]) => Object.hasOwn(experiment.parameters, given)),
    ),
  }));
  const { name, description, dataset, sweep, test, folder } = experiment;
  const shown: LaunchTab = sweep ? tab : "run";
  const facts = [
    dataset ? `dataset ${visible(dataset)}` : null,
    "train",
    test ? `test on ${test.samples.toLocaleString("en-US")} samples` : null,
  ];
  return (
    <>
      <div className={styles["head"]}>
        <span className="subject">{visible(name)}</span>
        {description && <span className="muted">{visible(description)}</span>}
        <span className="muted num clip">
          {facts.filter(Boolean).join(" · ")} · <span className="mono">{visible(folder)}</span>
        </span>
      </div>
      <Readiness folder={folder} evaluate={draft.evaluate} readAt={readAt} />
      {sweep && (
        <Tabs
          label="What to start"
          value={shown}
          tabs={[
            { value: "run", title: "Single run" },
            { value: "sweep", title: "Sweep" },
          ]}
          onChange={(next) =>
            void navigate({
              search: (before) => ({ ...before, tab: next === "run" ? undefined : next }),
              replace: true,
            })
          }
        />
      )}
      {sweep && shown === "sweep" ? (
        <SweepForm
          experiment={experiment}
          section={sweep}
          readAt={readAt}
          draft={draft}
          onDraft={setDraft}
        />
      ) : (
        <RunForm experiment={experiment} draft={draft} onDraft={setDraft} />
      )}
    </>
  );
}
