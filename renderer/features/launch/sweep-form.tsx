import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { formatCount } from "../../../shared/format.ts";
import type { SweepPreview, ValidExperiment } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { usePreferences } from "../../state/preferences.ts";
import { Button } from "../../ui/button.tsx";
import { Facts, Panel } from "../../ui/layout.tsx";
import { ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import type { Draft } from "./draft.ts";
import { Check, OptionRows } from "./options.tsx";
import styles from "./page.module.css";
import { priorityProblem, textOf } from "./values.ts";

type Section = NonNullable<ValidExperiment["sweep"]>;

/** The sweep that the file describes: how many cells, the first and the last, and what follows. */
export function SweepForm({
  experiment,
  section,
  readAt,
  draft,
  onDraft,
}: {
  experiment: ValidExperiment;
  section: Section;
  /** When the file was read, ms: the preview is of the same reading. */
  readAt: number;
  draft: Draft;
  onDraft(draft: Draft): void;
}) {
  const navigate = useNavigate();
  const noteFolder = usePreferences((preferences) => preferences.noteFolder);
  const [again, setAgain] = useState(false);
  const [separate, setSeparate] = useState(false);
  const { folder } = experiment;
  const describe = core.sweeps.describe.queryOptions({ input: { folder } });
  const preview = useQuery({ ...describe, queryKey: [...describe.queryKey, readAt] });
  const submit = useMutation(
    core.sweeps.submit.mutationOptions({
      onSuccess: ({ sweep }) => {
        noteFolder(folder);
        void navigate({ to: "/sweeps/$sweep", params: { sweep } });
      },
    }),
  );
  const isWrong = priorityProblem(draft.priority) !== null;
  const start = (event: FormEvent) => {
    event.preventDefault();
    if (isWrong || !preview.data) return;
    const { evaluate } = draft;
    submit.mutate({ folder, evaluate, again, separate, priority: Number(draft.priority) });
  };
  if (preview.error)
    return <ErrorNotice error={preview.error} onRetry={() => void preview.refetch()} />;
  if (!preview.data) return <Skeleton lines={6} />;
  const { cells } = preview.data;
  return (
    <form className={styles["form"]} onSubmit={start} noValidate>
      <div className={styles["size"]}>{formatCount(cells, "cell")}</div>
      <p className="muted">
        {sizeText(preview.data)}
        {section.objective && ` · ${section.objective.goal} ${visible(section.objective.metric)}`}
      </p>
      {preview.data.advice && <p className="muted">{visible(preview.data.advice)}</p>}
      <div className={styles["panels"]}>
        <Panel title="Varied">
          <Facts items={variedOf(section, experiment).map(([name, value]) => ({ name, value }))} />
        </Panel>
        <Point title="First cell" point={preview.data.first} />
        {cells > 1 && <Point title="Last cell" point={preview.data.last} />}
      </div>
      <h2>After training and in the queue</h2>
      <OptionRows experiment={experiment} draft={draft} onDraft={onDraft} />
      <Check
        id="again"
        name="Run anew"
        about="otherwise what has succeeded is reused"
        text="Run every cell again, whatever has succeeded or is under way"
        checked={again}
        onChange={setAgain}
      />
      <Check
        id="separate"
        name="Own sweep"
        about="otherwise an equal one is extended"
        text="Start a sweep of its own"
        checked={separate}
        onChange={setSeparate}
      />
      {submit.error && <ErrorNotice error={submit.error} />}
      <div className={styles["submit"]}>
        <Button
          type="submit"
          kind="primary"
          size="large"
          icon="play"
          disabled={isWrong || submit.isPending}
        >
          {submit.isPending ? "Keeping the code" : `Start ${formatCount(cells, "cell")}`}
        </Button>
        {isWrong && <span className={styles["wrong"]}>Correct priority first.</span>}
      </div>
    </form>
  );
}

function Point({ title, point }: { title: string; point: SweepPreview["first"] }) {
  return (
    <Panel title={title}>
      <Facts
        items={[
          ...Object.entries(point.parameters).map(([name, value]) => ({
            name: visible(name),
            value: visible(textOf(value)) || "nothing",
          })),
          { name: "seed", value: point.seed },
        ]}
      />
    </Panel>
  );
}

function sizeText({ method, points, seeds, duplicates }: SweepPreview): string {
  const left = duplicates > 0 ? ` · ${formatCount(duplicates, "duplicate")} left out` : "";
  return `${method} · ${formatCount(points, "point")} × ${formatCount(seeds, "seed")}${left}`;
}

/** Listed values, and the ranges or choices that others are drawn from. */
function variedOf(section: Section, { parameters }: ValidExperiment): [string, string][] {
  const listed = Object.entries(section.values).map(([name, values]): [string, string] => [
    visible(name),
    values.map((value) => visible(textOf(value))).join(", "),
  ]);
  const drawn = section.parameters
    .filter((name) => !Object.hasOwn(section.values, name))
    .map((name): [string, string] => [visible(name), `drawn from ${rangeOf(parameters[name])}`]);
  return [...listed, ...drawn];
}

function rangeOf(parameter: ValidExperiment["parameters"][string] | undefined): string {
  if (parameter?.type === "choice") return parameter.values.map(String).map(visible).join(", ");
  if (parameter?.type === "float" || parameter?.type === "integer")
    return `${parameter.min} to ${parameter.max}${parameter.scale === "log" ? ", log" : ""}`;
  return "its values";
}
