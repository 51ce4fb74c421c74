import {
  type QueryClient,
  useMutationState,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { formatCount } from "../../../shared/format.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";

const mutationKey = core.datasets.add.mutationKey();

/** How far what is being added is, and what went wrong, where the form does not show it any more. */
export function Adding() {
  const queries = useQueryClient();
  const adds = useMutationState({
    filters: { mutationKey },
    select: ({ mutationId, state }) => ({ mutationId, ...state }),
  });
  const failed = adds.filter(({ status }) => status === "error");
  return (
    <>
      {adds
        .filter(({ status }) => status === "pending")
        .map(({ mutationId, variables }) => {
          const folder = folderOf(variables);
          return (
            <p key={mutationId} className="caption">
              Adding {visible(folder)}. <AddProgress folder={folder} />
            </p>
          );
        })}
      {failed.map(({ mutationId, error }) => (
        <ErrorNotice key={mutationId} error={error} />
      ))}
      {failed.length > 0 && (
        <Button size="small" onClick={() => forgetFailures(queries)}>
          Dismiss
        </Button>
      )}
    </>
  );
}

/** Forgets what could not be added: it was seen, or is tried anew. */
export function forgetFailures(queries: QueryClient): void {
  const cache = queries.getMutationCache();
  for (const add of cache.findAll({ mutationKey, status: "error" })) cache.remove(add);
}

/** How many samples are packed, once a second. */
export function AddProgress({ folder }: { folder: string }) {
  const { data = [] } = useQuery(
    core.datasets.packing.queryOptions({ input: {}, refetchInterval: 1000, gcTime: 0 }),
  );
  const own = data.find((each) => each.folder === folder);
  return (
    <span className="muted num grow" role="status">
      {own === undefined || own.total === 0
        ? "Looking at the files"
        : `${own.done.toLocaleString("en-US")} of ${formatCount(own.total, "sample")} packed`}
    </span>
  );
}

function folderOf(input: unknown): string {
  return typeof input === "object" && input !== null && "folder" in input
    ? String(input.folder)
    : "";
}
