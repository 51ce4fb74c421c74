import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { PageHeader } from "../../app/page-header.tsx";
import { core } from "../../rpc/client.ts";
import { EmptyState, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { AttackList } from "./attack-list.tsx";
import { AttackSets } from "./attack-sets.tsx";
import { attackSetsQuery } from "./queries.ts";
import type { AttackTab } from "./search.ts";

const route = getRouteApi("/attacks");

export function AttacksPage() {
  const { tab = "attacks" } = route.useSearch();
  const navigate = route.useNavigate();
  const follows = ["attack-set"] as const;
  const attacks = useQuery(core.attacks.list.queryOptions({ input: {}, meta: { follows } }));
  const sets = useQuery(attackSetsQuery);
  const setTab = (next: AttackTab) =>
    void navigate({ search: { tab: next === "attacks" ? undefined : next }, replace: true });
  const header = <PageHeader title="Attacks" />;
  const error = attacks.error ?? sets.error;
  if (error)
    return (
      <>
        {header}
        <ErrorNotice
          error={error}
          onRetry={() => {
            void attacks.refetch();
            void sets.refetch();
          }}
        />
      </>
    );
  if (!attacks.data || !sets.data)
    return (
      <>
        {header}
        <Skeleton lines={8} />
      </>
    );
  if (attacks.data.length === 0)
    return (
      <>
        {header}
        <EmptyState title="Attacks will be listed here" command="npx gauntlet attacks add FOLDER">
          A folder with an attacks.yaml offers attacks in JavaScript, TypeScript or Python. It is
          added in a terminal:
        </EmptyState>
      </>
    );
  return (
    <>
      {header}
      <Tabs
        label="Attacks or sets of them"
        value={tab}
        tabs={[
          { value: "attacks", title: "Attacks", count: attacks.data.length },
          { value: "sets", title: "Sets", count: sets.data.length },
        ]}
        onChange={setTab}
      />
      {tab === "attacks" ? (
        <AttackList attacks={attacks.data} onSaved={() => setTab("sets")} />
      ) : (
        <AttackSets sets={sets.data} onChoose={() => setTab("attacks")} />
      )}
    </>
  );
}
