import type { ValidExperiment } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { Input } from "../../ui/input.tsx";
import type { Draft } from "./draft.ts";
import { FormRow } from "./parameter-row.tsx";
import styles from "./page.module.css";
import { priorityProblem } from "./values.ts";

/** What runs and sweeps alike are asked about. */
export function OptionRows({
  experiment,
  draft,
  onDraft,
}: {
  experiment: ValidExperiment;
  draft: Draft;
  onDraft(draft: Draft): void;
}) {
  const { evaluate } = experiment;
  const problem = priorityProblem(draft.priority);
  return (
    <>
      {evaluate && (
        <Check
          id="evaluate"
          name="Evaluate"
          about={`attacks: ${[evaluate.attacks].flat().map(visible).join(", ")}; ${evaluate.samples} samples`}
          text="Send each trained model through the attacks"
          checked={draft.evaluate}
          onChange={(next) => onDraft({ ...draft, evaluate: next })}
        />
      )}
      <FormRow id="priority" name="Priority" about="larger numbers start first" problem={problem}>
        <Input
          id="priority"
          className={styles["number"]}
          inputMode="numeric"
          aria-invalid={problem !== null}
          aria-describedby={problem ? "priority-problem" : undefined}
          value={draft.priority}
          onChange={(event) => onDraft({ ...draft, priority: event.target.value })}
        />
      </FormRow>
    </>
  );
}

export function Check({
  id,
  name,
  about,
  text,
  checked,
  onChange,
}: {
  id: string;
  name: string;
  about: string;
  text: string;
  checked: boolean;
  onChange(checked: boolean): void;
}) {
  return (
    <FormRow id={id} name={name} about={about} problem={null}>
      <input
        id={id}
        type="checkbox"
        className={styles["check"]}
        aria-describedby={`${id}-text`}
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span id={`${id}-text`}>{text}</span>
    </FormRow>
  );
}
