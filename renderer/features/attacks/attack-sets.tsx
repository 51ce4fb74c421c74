import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { formatCount } from "../../../shared/format.ts";
import type { AttackSetView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { Panel } from "../../ui/layout.tsx";
import { EmptyState, ErrorNotice } from "../../ui/notices.tsx";
import { State } from "../../ui/state.tsx";
import { FillMissing } from "../evaluations/fill-missing.tsx";
import styles from "./page.module.css";

/** Sets of attacks, the active one first; it is what scores are made of. */
export function AttackSets({
  sets,
  onChoose,
}: {
  sets: readonly AttackSetView[];
  onChoose(): void;
}) {
  // What is missing concerns every model: it is looked for when somebody wants to know.
  const [looksFor, setLooksFor] = useState<string | null>(null);
  const queries = useQueryClient();
  const activate = useMutation(
    core.attacks.activate.mutationOptions({
      onSuccess: async ({ name }) => {
        setLooksFor(name);
        await queries.invalidateQueries({ queryKey: core.attacks.key() });
      },
    }),
  );
  if (sets.length === 0)
    return (
      <EmptyState
        title="Sets of attacks will be here"
        action={
          <Button kind="primary" size="large" icon="attack" onClick={onChoose}>
            Choose attacks
          </Button>
        }
      >
        Models are ranked by the attacks of one set. Select attacks and give the set a name.
      </EmptyState>
    );
  const ordered = sets.toSorted((a, b) => Number(b.active) - Number(a.active));
  return (
    <div className={styles["sets"]}>
      {activate.error && <ErrorNotice error={activate.error} />}
      {ordered.map(({ name, date, active, attacks }) => (
        <Panel
          key={name}
          title={
            <span className="row">
              <span className="clip" dir="auto">
                {visible(name)}
              </span>
              <span className="subtle num">{date}</span>
              {active && <State state="ok" text="active" badge />}
            </span>
          }
          aside={
            active ? (
              looksFor === name ? (
                <FillMissing models={[]} />
              ) : (
                <Button size="small" onClick={() => setLooksFor(name)}>
                  Look for missing cells
                </Button>
              )
            ) : (
              <Button
                size="small"
                aria-label={`Activate ${visible(name)}`}
                disabled={activate.isPending}
                onClick={() => activate.mutate({ set: name })}
              >
                Activate
              </Button>
            )
          }
        >
          <div className={styles["members"]}>
            <span className="muted">{formatCount(attacks.length, "attack")}</span>
            {attacks.map((label) => (
              <span key={label} className={styles["tag"]}>
                {visible(label)}
              </span>
            ))}
            <span className="grow" />
            <Link to="/robustness" search={{ set: name }}>
              Ranking
            </Link>
          </div>
        </Panel>
      ))}
    </div>
  );
}
