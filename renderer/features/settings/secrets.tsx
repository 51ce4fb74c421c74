import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { SecretView } from "../../../shared/schemas/secrets.ts";
import { longestSecret } from "../../../shared/secret-limits.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { Input } from "../../ui/input.tsx";
import { Panel } from "../../ui/layout.tsx";
import { ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { PlainTable } from "../../ui/plain-table.tsx";
import { When } from "../../ui/when.tsx";
import styles from "./page.module.css";

/** Names of the secrets that runs are given. Values go to the core, and never come back. */
export function Secrets() {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery(core.secrets.list.queryOptions({ input: {} }));
  const refresh = () => queries.invalidateQueries({ queryKey: core.secrets.key() });
  const remove = useMutation(core.secrets.remove.mutationOptions({ onSuccess: refresh }));
  return (
    <Panel
      title="Secrets"
      aside={<span className="subtle">given to runs whose gauntlet.yaml names them</span>}
    >
      {error ? (
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      ) : data ? (
        data.length > 0 && (
          <PlainTable<SecretView>
            label="Secrets"
            rows={data}
            keyOf={({ name }) => name}
            columns={[
              {
                id: "name",
                title: "Name",
                cell: ({ name }) => <span className="mono">{visible(name)}</span>,
              },
              { id: "set", title: "Set", cell: ({ setAt }) => <When time={setAt} /> },
              {
                id: "remove",
                title: "",
                align: "right",
                cell: ({ name }) => (
                  <Button
                    kind="danger"
                    size="small"
                    disabled={remove.isPending}
                    aria-label={`Remove the secret ${visible(name)}`}
                    onClick={() => remove.mutate({ name })}
                  >
                    Remove
                  </Button>
                ),
              },
            ]}
          />
        )
      ) : (
        <Skeleton lines={2} />
      )}
      {remove.error && <ErrorNotice error={remove.error} />}
      <SetSecret onSet={refresh} />
    </Panel>
  );
}

function SetSecret({ onSet }: { onSet(): Promise<void> }) {
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const save = useMutation(
    core.secrets.set.mutationOptions({
      // The value stands in the request: it is not kept for the cache's usual minutes.
      gcTime: 0,
      onSuccess: async () => {
        setName("");
        setValue("");
        save.reset();
        await onSet();
      },
    }),
  );
  const isReady = name !== "" && value !== "" && !save.isPending;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) save.mutate({ name, value });
  };
  return (
    <>
      {save.error && <ErrorNotice error={save.error} />}
      <form className={styles["secret"]} aria-label="Set a secret" onSubmit={submit}>
        <Input
          className="mono"
          aria-label="Name of the secret"
          placeholder="NAME"
          pattern="[A-Za-z_][A-Za-z0-9_]*"
          title="Letters, digits and '_'"
          maxLength={100}
          spellCheck={false}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Input
          className="grow"
          type="password"
          autoComplete="new-password"
          aria-label="Value of the secret"
          placeholder="Value"
          maxLength={longestSecret}
          value={value}
          onChange={(event) => setValue(event.target.value)}
        />
        <Button type="submit" disabled={!isReady}>
          Set secret
        </Button>
      </form>
    </>
  );
}
