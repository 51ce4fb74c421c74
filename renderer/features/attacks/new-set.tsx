import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { formatCount } from "../../../shared/format.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { Input } from "../../ui/input.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";
import styles from "./page.module.css";

/** Docked at the bottom: the name under which the selected attacks are saved. */
export function NewSet({
  attacks,
  onSaved,
  onClear,
}: {
  attacks: readonly string[];
  onSaved(): void;
  onClear(): void;
}) {
  const [name, setName] = useState("");
  const queries = useQueryClient();
  const save = useMutation(
    core.attacks.saveSet.mutationOptions({
      onSuccess: async () => {
        await queries.invalidateQueries({ queryKey: core.attacks.key() });
        onSaved();
      },
    }),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== "") save.mutate({ name: name.trim(), attacks: [...attacks] });
  };
  return (
    <>
      {save.error && <ErrorNotice error={save.error} />}
      <form className={styles["selection"]} aria-label="A set of the selected" onSubmit={submit}>
        <span className="medium num">{attacks.length} selected</span>
        <Input
          aria-label="Name of the set"
          placeholder="Name of the set"
          maxLength={300}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button
          type="submit"
          kind="primary"
          icon="plus"
          disabled={save.isPending || name.trim() === ""}
          title={name.trim() === "" ? "A set needs a name" : undefined}
        >
          Save set of {formatCount(attacks.length, "attack")}
        </Button>
        <span
          className="muted mono clip grow"
          title={attacks.map((label) => visible(label)).join(", ")}
        >
          {attacks.map((label) => visible(label)).join(", ")}
        </span>
        <Button kind="quiet" onClick={onClear}>
          Clear <kbd>Esc</kbd>
        </Button>
      </form>
    </>
  );
}
