import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { formatCount } from "../../../shared/format.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { dataOf } from "../../rpc/errors.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";
import styles from "./fill-missing.module.css";

/**
 * Says how many cells of models by the active set's attacks are missing, and fills them.
 * @param models ids; none: all that can be attacked
 */
export function FillMissing({ models }: { models: string[] }) {
  const missing = useQuery(
    core.evaluations.fill.queryOptions({
      input: { models, dryRun: true },
      meta: { follows: ["run", "evaluation", "attack-set"] },
    }),
  );
  const fill = useMutation(
    core.evaluations.fill.mutationOptions({ onSettled: () => void missing.refetch() }),
  );
  const error = fill.error ?? missing.error;
  if (error && dataOf(error)?.code === "NO_ACTIVE_SET")
    return (
      <span className="muted">
        No attack set is active. <Link to="/attacks">Choose a set</Link>
      </span>
    );
  if (error) return <ErrorNotice error={error} onRetry={() => void missing.refetch()} />;
  if (!missing.data) return <span className="muted">Looking for what is missing</span>;
  const count = missing.data.missing.length;
  const cells = count + missing.data.present;
  if (count === 0)
    return (
      <span className="muted num" role="status">
        {cells === 0
          ? "No model can be attacked yet."
          : `${formatCount(cells, "cell")} of the active set verified or under way, none missing.`}
      </span>
    );
  const names = new Set(missing.data.missing.map(({ modelId }) => modelId)).size;
  return (
    <span className={styles["line"]}>
      <span className="muted num" role="status">
        {count.toLocaleString("en-US")} of {formatCount(cells, "cell")} missing
        {models.length === 0 && ` on ${formatCount(names, "model")}`}
      </span>
      {fill.data && fill.data.leftOut.length > 0 && (
        <span className="muted" role="alert">
          {formatCount(fill.data.leftOut.length, "model")} left out.{" "}
          {[...new Set(fill.data.leftOut.map(({ why }) => visible(why)))].join(" ")}
        </span>
      )}
      <Button
        kind="primary"
        icon="bolt"
        disabled={fill.isPending}
        onClick={() => fill.mutate({ models })}
      >
        Fill {formatCount(count, "cell")}
      </Button>
    </span>
  );
}
