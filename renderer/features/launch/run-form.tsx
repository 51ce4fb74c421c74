import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { FormEvent } from "react";
import type { ValidExperiment } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { usePreferences } from "../../state/preferences.ts";
import { Button } from "../../ui/button.tsx";
import { Input } from "../../ui/input.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";
import type { Draft } from "./draft.ts";
import { OptionRows } from "./options.tsx";
import styles from "./page.module.css";
import { FormRow, ParameterRow } from "./parameter-row.tsx";
import { priorityProblem, problemOf, readValue, seedProblem, textOf } from "./values.ts";

/** One run: a value for every parameter, a seed, and what follows. */
export function RunForm({
  experiment,
  draft,
  onDraft,
}: {
  experiment: ValidExperiment;
  draft: Draft;
  onDraft(draft: Draft): void;
}) {
  const { changed, seed, evaluate, priority } = draft;
  const navigate = useNavigate();
  const noteFolder = usePreferences((preferences) => preferences.noteFolder);
  const submit = useMutation(
    core.runs.submit.mutationOptions({
      onSuccess: ({ run }) => {
        noteFolder(experiment.folder);
        void navigate({ to: "/runs/$run", params: { run } });
      },
    }),
  );
  const rows = Object.entries(experiment.parameters).map(([name, parameter]) => {
    const value = changed[name] ?? textOf(parameter.default);
    return { name, parameter, value, problem: problemOf(parameter, value) };
  });
  const wrong = [
    ...rows.filter(({ problem }) => problem !== null).map(({ name }) => visible(name)),
    ...(seedProblem(seed) ? ["seed"] : []),
    ...(priorityProblem(priority) ? ["priority"] : []),
  ];
  const start = (event: FormEvent) => {
    event.preventDefault();
    if (wrong.length > 0) return;
    submit.mutate({
      folder: experiment.folder,
      parameters: Object.fromEntries(
        rows.map(({ name, parameter, value }) => [name, readValue(parameter, value)]),
      ),
      seed: Number(seed),
      evaluate,
      priority: Number(priority),
    });
  };
  return (
    <form className={styles["form"]} onSubmit={start} noValidate>
      <h2>Parameters</h2>
      {rows.map(({ name, ...row }) => (
        <ParameterRow
          key={name}
          name={name}
          {...row}
          onChange={(value) => onDraft({ ...draft, changed: { ...changed, [name]: value } })}
        />
      ))}
      <FormRow
        id="seed"
        name="seed"
        isCode
        about="a whole number from 0"
        problem={seedProblem(seed)}
      >
        <Input
          id="seed"
          className={styles["number"]}
          inputMode="numeric"
          aria-invalid={seedProblem(seed) !== null}
          aria-describedby={seedProblem(seed) ? "seed-problem" : undefined}
          value={seed}
          onChange={(event) => onDraft({ ...draft, seed: event.target.value })}
        />
      </FormRow>
      <h2>After training and in the queue</h2>
      <OptionRows experiment={experiment} draft={draft} onDraft={onDraft} />
      {submit.error && <ErrorNotice error={submit.error} />}
      <div className={styles["submit"]}>
        <Button
          type="submit"
          kind="primary"
          size="large"
          icon="play"
          disabled={wrong.length > 0 || submit.isPending}
        >
          {submit.isPending ? "Keeping the code" : "Start run"}
        </Button>
        {wrong.length > 0 && (
          <span className={styles["wrong"]}>Correct {wrong.join(", ")} first.</span>
        )}
      </div>
    </form>
  );
}
