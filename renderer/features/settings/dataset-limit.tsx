import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { readByteSize } from "../../../shared/byte-size.ts";
import { formatBytes } from "../../../shared/format.ts";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { Input } from "../../ui/input.tsx";
import { ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import styles from "./page.module.css";
import { Setting } from "./setting.tsx";

/** What packed datasets may take on the disk; an empty field is no limit. */
export function DatasetLimit() {
  const { data, error, refetch } = useQuery(
    core.datasets.cache.queryOptions({ input: {}, meta: { follows: ["dataset"] } }),
  );
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton lines={2} />;
  const { limit, bytes } = data;
  return (
    <Setting
      name="Limit of packed datasets"
      about={`They take ${formatBytes(bytes)}. Over the limit the longest unused make room, if they can be packed again and no unfinished run needs them.`}
    >
      <LimitForm key={limit} limit={limit} />
    </Setting>
  );
}

function LimitForm({ limit }: { limit: number | null }) {
  const queries = useQueryClient();
  const [text, setText] = useState(limit === null ? "" : sizeText(limit));
  const save = useMutation(
    core.datasets.limit.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: core.datasets.key() }),
    }),
  );
  const limited = text.trim() === "" ? null : readByteSize(text.trim());
  const isValid = !Number.isNaN(limited);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isValid) save.mutate({ limit: limited });
  };
  return (
    <form className={styles["limit"]} aria-label="Limit of packed datasets" onSubmit={submit}>
      {save.error && <ErrorNotice error={save.error} />}
      <Input
        aria-label="Size"
        placeholder="no limit"
        aria-invalid={!isValid}
        title="Such as 200GiB; empty for no limit"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Button type="submit" disabled={!isValid || save.isPending}>
        Set limit
      </Button>
    </form>
  );
}

/** Bytes as `readByteSize` reads them back, without loss. */
function sizeText(bytes: number): string {
  const units = ["TiB", "GiB", "MiB", "KiB"];
  for (const [index, unit] of units.entries()) {
    const size = 1024 ** (units.length - index);
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}B`;
}
