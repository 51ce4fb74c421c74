import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { formatCount, formatNorm } from "../../../shared/format.ts";
import type { LeaderboardView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { attackSetsQuery } from "../attacks/queries.ts";
import { Button } from "../../ui/button.tsx";
import { Input } from "../../ui/input.tsx";
import { Field, Toolbar } from "../../ui/layout.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";
import { Select } from "../../ui/select.tsx";
import { Tags } from "../../ui/tags.tsx";
import styles from "./page.module.css";
import { readNumbers } from "./search.ts";

const route = getRouteApi("/robustness");

/** Which set, which classes, at which epsilons; and the button that fills what is missing. */
export function Controls({ board, missing }: { board: LeaderboardView; missing: number }) {
  const navigate = route.useNavigate();
  const { classes = [], epsilons = [] } = route.useSearch();
  const sets = useQuery(attackSetsQuery);
  const fill = useMutation(core.evaluations.fill.mutationOptions());
  const { set, threatModel } = board;
  return (
    <>
      <Toolbar label="What is ranked">
        <Field label="Attack set">
          <Select
            value={set.name}
            options={(sets.data ?? [set]).map(({ name, date }) => ({
              value: name,
              text: `${visible(name)}, ${date}`,
            }))}
            onChange={(name) => void navigate({ search: (before) => ({ ...before, set: name }) })}
          />
        </Field>
        <NumbersField
          label="Classes"
          placeholder="all"
          value={classes}
          whole
          onChange={(value) =>
            void navigate({ search: (before) => ({ ...before, classes: value }) })
          }
        />
        <NumbersField
          label="ε"
          placeholder="0.5, 1"
          value={epsilons}
          onChange={(value) =>
            void navigate({ search: (before) => ({ ...before, epsilons: value }) })
          }
        />
        <span className="grow" />
        {missing > 0 && (
          <Button
            kind="primary"
            icon="bolt"
            disabled={fill.isPending}
            onClick={() => fill.mutate({ attacks: set.attacks })}
          >
            Fill {formatCount(missing, "cell")}
          </Button>
        )}
      </Toolbar>
      {threatModel && (
        <div className={styles["facts"]}>
          <span className="muted">
            {formatCount(board.ranked.length + board.incomplete.length, "model")} ×{" "}
            {formatCount(set.attacks.length, "attack")}
          </span>
          <Tags tags={factsOf(threatModel)} />
        </div>
      )}
      {fill.error && <ErrorNotice error={fill.error} />}
    </>
  );
}

/** Under what the models were attacked, in a few words each. */
function factsOf({
  norm,
  minimal,
  epsilon,
  bounds,
  dataset,
  split,
  samples,
  queries,
}: NonNullable<LeaderboardView["threatModel"]>): string[] {
  return [
    `${formatNorm(norm)}${minimal ? ", minimal" : `, ε ${epsilon}`}`,
    `bounds [${bounds[0]}, ${bounds[1]}]`,
    `${dataset} ${split}`,
    formatCount(samples, "sample"),
    ...(queries === null ? [] : [`≤ ${formatCount(queries, "query", "queries")}`]),
  ];
}

/** A list of numbers to type; taken with Enter or when the field is left. */
function NumbersField({
  label,
  placeholder,
  value,
  whole = false,
  onChange,
}: {
  label: string;
  placeholder: string;
  value: readonly number[];
  whole?: boolean;
  onChange(value: number[] | undefined): void;
}) {
  const shown = value.join(", ");
  const [text, setText] = useState(shown);
  const [before, setBefore] = useState(shown);
  // The address was changed from elsewhere, such as by going back.
  if (before !== shown) {
    setBefore(shown);
    setText(shown);
  }
  const numbers = readNumbers(text);
  const problem =
    typeof numbers === "string"
      ? numbers
      : whole && !numbers.every(Number.isSafeInteger)
        ? "A class is a whole number from 0."
        : null;
  const take = () => {
    if (problem === null && typeof numbers !== "string" && text !== shown)
      onChange(numbers.length > 0 ? numbers : undefined);
  };
  return (
    <Field label={label} problem={problem}>
      <Input
        className={styles["numbers"]}
        placeholder={placeholder}
        value={text}
        aria-invalid={problem !== null}
        onChange={({ target }) => setText(target.value)}
        onBlur={take}
        onKeyDown={({ key }) => key === "Enter" && take()}
      />
    </Field>
  );
}
