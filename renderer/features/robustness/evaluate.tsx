import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { formatCount, formatNorm } from "../../../shared/format.ts";
import type { Norm } from "../../../shared/schemas/threat-model.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { attackSetsQuery } from "../attacks/queries.ts";
import { Button } from "../../ui/button.tsx";
import { DialogField, FormDialog } from "../../ui/dialog.tsx";
import { Input } from "../../ui/input.tsx";
import { Segments } from "../../ui/layout.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";
import { Select } from "../../ui/select.tsx";
import { useSettled } from "../../ui/settled.ts";
import { readEpsilon } from "./search.ts";

const norms: readonly Norm[] = ["linf", "l2", "l1", "l0"];

/** A button that sends all models through a set of attacks, under the usual or another threat model. */
export function Evaluate() {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button icon="bolt" onClick={() => setOpen(true)}>
        Evaluate…
      </Button>
      {isOpen && <Form onClose={() => setOpen(false)} />}
    </>
  );
}

function Form({ onClose }: { onClose(): void }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const [isFixed, setFixed] = useState(false);
  const [norm, setNorm] = useState<Norm>("linf");
  const [epsilonText, setEpsilonText] = useState("8/255");
  const sets = useQuery(attackSetsQuery);
  const set = chosen ?? sets.data?.find(({ active }) => active)?.name ?? sets.data?.[0]?.name;
  // Not at each key: the core looks through all evaluations for this.
  const settledText = useSettled(epsilonText);
  const epsilon = readEpsilon(settledText);
  const fixed = isFixed && epsilon !== null ? { norm, epsilon } : null;
  const isWhole = !isFixed || (epsilon !== null && settledText === epsilonText);
  const input = { attacks: set ?? "active", fixed };
  const plan = useQuery(
    core.evaluations.fill.queryOptions({
      input: { ...input, dryRun: true },
      enabled: set !== undefined && isWhole,
      gcTime: 0,
      meta: { follows: ["run", "evaluation", "attack-set"] },
    }),
  );
  const fill = useMutation(core.evaluations.fill.mutationOptions({ onSuccess: onClose }));
  const error = fill.error ?? plan.error ?? sets.error;
  const missing = isWhole ? plan.data?.missing.length : undefined;
  const isReady = missing !== undefined && missing > 0 && !fill.isPending && !plan.error;
  return (
    <FormDialog
      title="Evaluate all models"
      onClose={onClose}
      onSubmit={() => isReady && fill.mutate(input)}
      actions={
        <>
          <span className="muted num grow" role="status">
            {missing !== undefined &&
              (missing === 0
                ? plan.data?.present === 0
                  ? "No model can be attacked yet."
                  : "Nothing is missing."
                : `${plan.data?.present.toLocaleString("en-US")} are there or under way.`)}
          </span>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" disabled={!isReady}>
            {missing === undefined || missing === 0
              ? "Evaluate"
              : `Start ${formatCount(missing, "evaluation")}`}
          </Button>
        </>
      }
    >
      <DialogField label="Attacks">
        <Select
          value={set ?? ""}
          options={(sets.data ?? []).map(({ name, attacks, active }) => ({
            value: name,
            text: `${visible(name)}, ${formatCount(attacks.length, "attack")}${active ? ", active" : ""}`,
          }))}
          onChange={setChosen}
        />
      </DialogField>
      <Segments
        label="Threat model"
        value={isFixed ? "fixed" : "usual"}
        options={[
          { value: "usual", text: "Smallest distance, as each experiment says" },
          { value: "fixed", text: "Success within a fixed ε" },
        ]}
        onChange={(value) => setFixed(value === "fixed")}
      />
      {isFixed && (
        <>
          <DialogField label="Norm">
            <Select
              value={norm}
              options={norms.map((value) => ({ value, text: formatNorm(value) }))}
              onChange={(value) => setNorm(norms.find((each) => each === value) ?? norm)}
            />
          </DialogField>
          <DialogField
            label="ε"
            about="On the scale of the dataset's bounds. What no attack breaks within it is robust accuracy."
            problem={
              epsilon === null ? "Write a number above 0 or a fraction such as 8/255." : null
            }
          >
            <Input value={epsilonText} onChange={({ target }) => setEpsilonText(target.value)} />
          </DialogField>
        </>
      )}
      {error && <ErrorNotice error={error} />}
    </FormDialog>
  );
}
