import type { ReactNode } from "react";
import type { Parameter } from "../../../shared/schemas/experiment.ts";
import { visible } from "../../../shared/visible.ts";
import { Button } from "../../ui/button.tsx";
import { classes } from "../../ui/classes.ts";
import { Input } from "../../ui/input.tsx";
import { Select } from "../../ui/select.tsx";
import { Segments } from "../../ui/layout.tsx";
import { Ticked } from "../../ui/ticked.tsx";
import styles from "./page.module.css";
import { describeParameter, textOf } from "./values.ts";

/** More choices than these are a list to open. */
const mostSegments = 4;

/** A parameter's name, type and range, and the control that its type asks for. */
export function ParameterRow({
  name,
  parameter,
  value,
  problem,
  onChange,
}: {
  name: string;
  parameter: Parameter;
  value: string;
  problem: string | null;
  onChange(value: string): void;
}) {
  const standard = textOf(parameter.default);
  return (
    <FormRow
      id={`parameter-${name}`}
      name={name}
      isCode
      about={describeParameter(parameter)}
      problem={problem}
      changed={value !== standard}
    >
      <Control
        name={name}
        parameter={parameter}
        value={value}
        hasProblem={problem !== null}
        onChange={onChange}
      />
      {value !== standard && (
        <Button kind="quiet" size="small" onClick={() => onChange(standard)}>
          Back to {standard === "" ? "nothing" : visible(standard)}
        </Button>
      )}
    </FormRow>
  );
}

/** A row of the form; `id` is that of its control, and with `-problem` that of what is wrong. */
export function FormRow({
  id,
  name,
  about,
  problem,
  isCode = false,
  changed = false,
  children,
}: {
  id: string;
  name: string;
  about: string;
  problem: string | null;
  /** Whether the name stands so in the file. */
  isCode?: boolean;
  changed?: boolean;
  children: ReactNode;
}) {
  return (
    <div className={styles["formRow"]} data-changed={changed ? "" : undefined}>
      <label htmlFor={id} className="col">
        <span className={classes("medium clip", isCode && "mono")}>{visible(name)}</span>
        <span className={styles["about"]}>{visible(about)}</span>
      </label>
      <div className={styles["control"]}>
        <div className="row">{children}</div>
        {problem && (
          <div id={`${id}-problem`} className={styles["wrong"]} role="alert">
            <Ticked text={problem} />
          </div>
        )}
      </div>
    </div>
  );
}

function Control({
  name,
  parameter,
  value,
  hasProblem,
  onChange,
}: {
  name: string;
  parameter: Parameter;
  value: string;
  hasProblem: boolean;
  onChange(value: string): void;
}) {
  const id = `parameter-${name}`;
  if (parameter.type === "boolean")
    return (
      <input
        id={id}
        type="checkbox"
        className={styles["check"]}
        checked={value === "true"}
        onChange={(event) => onChange(String(event.target.checked))}
      />
    );
  if (parameter.type === "choice" && parameter.values.length <= mostSegments)
    return (
      <Segments
        label={visible(name)}
        value={value}
        options={parameter.values.map((choice) => ({
          value: String(choice),
          text: visible(String(choice)),
        }))}
        onChange={onChange}
      />
    );
  if (parameter.type === "choice")
    return (
      <Select
        id={id}
        value={value}
        options={parameter.values.map((choice) => ({
          value: String(choice),
          text: visible(String(choice)),
        }))}
        onChange={onChange}
      />
    );
  return (
    <Input
      id={id}
      className={parameter.type === "text" ? styles["text"] : styles["number"]}
      inputMode={parameter.type === "text" ? undefined : "decimal"}
      spellCheck={false}
      aria-invalid={hasProblem}
      aria-describedby={hasProblem ? `${id}-problem` : undefined}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
