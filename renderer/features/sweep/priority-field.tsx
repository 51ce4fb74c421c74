import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { priorityRange } from "../../../shared/priority.ts";
import type { SweepView } from "../../../shared/views.ts";
import { core } from "../../rpc/client.ts";
import { dataOf } from "../../rpc/errors.ts";
import { Input } from "../../ui/input.tsx";
import { Field } from "../../ui/layout.tsx";
import styles from "./page.module.css";

/** Larger numbers start first. Taken with Enter or when the field is left. */
export function PriorityField({ sweep }: { sweep: SweepView }) {
  const [text, setText] = useState(String(sweep.priority));
  const set = useMutation(core.sweeps.setPriority.mutationOptions());
  const { lowest, highest } = priorityRange;
  const value = Number(text);
  const isPriority = /^-?\d+$/.test(text.trim()) && value >= lowest && value <= highest;
  const problem = isPriority
    ? (dataOf(set.error)?.message ?? null)
    : `A whole number, ${lowest} to ${highest}.`;
  const take = () => {
    if (isPriority && value !== sweep.priority) set.mutate({ sweep: sweep.id, priority: value });
  };
  return (
    <Field label="Priority" problem={problem}>
      <Input
        className={styles["priority"]}
        inputMode="numeric"
        value={text}
        aria-invalid={!isPriority}
        onChange={({ target }) => setText(target.value)}
        onBlur={take}
        onKeyDown={({ key }) => key === "Enter" && take()}
      />
    </Field>
  );
}
