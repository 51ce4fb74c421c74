/** Runs by a part of their name, the newest first: for what lets one be chosen. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { shortId } from "../../../shared/format.ts";
import { printValue } from "../../../shared/query/print.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import type { Found } from "../../ui/finder.tsx";

export function useFoundRuns(text: string, limit: number): Found[] {
  const wanted = text.trim();
  const { data } = useQuery(
    core.runs.table.queryOptions({
      input: {
        query: wanted === "" ? "" : `name ~ ${printValue({ text: wanted, quoted: true })}`,
        limit,
      },
      placeholderData: keepPreviousData,
      meta: { follows: ["run"] },
    }),
  );
  return (data?.rows ?? []).map(({ id, name, experiment, state }) => ({
    id,
    icon: "list",
    text: visible(name),
    detail: `${visible(experiment)} · ${state} · ${shortId(id)}`,
  }));
}
