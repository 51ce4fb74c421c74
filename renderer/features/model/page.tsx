import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { formatBytes, formatCount, shortId } from "../../../shared/format.ts";
import type { ModelDetail } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { PageHeader } from "../../app/page-header.tsx";
import { core } from "../../rpc/client.ts";
import { Facts, Panel } from "../../ui/layout.tsx";
import { ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { type PlainColumn, PlainTable } from "../../ui/plain-table.tsx";
import { When } from "../../ui/when.tsx";
import { FillMissing } from "../evaluations/fill-missing.tsx";
import { AttackCurves } from "../robustness/attack-curves.tsx";
import styles from "./page.module.css";
import { Results } from "./results.tsx";

const route = getRouteApi("/models/$model");

export function ModelPage() {
  const id = route.useParams().model;
  const { data, error, refetch } = useQuery(
    core.models.get.queryOptions({
      input: { model: id },
      meta: { follows: ["run", "evaluation"] },
    }),
  );
  if (data) return <Loaded key={data.id} model={data} />;
  return (
    <>
      <PageHeader title="Model" above={<Link to="/models">Models</Link>} />
      {error ? (
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton lines={10} />
      )}
    </>
  );
}

function Loaded({ model }: { model: ModelDetail }) {
  const verified = model.results.filter(({ state }) => state === "verified").length;
  return (
    <>
      <PageHeader title={visible(model.name)} above={<Link to="/models">Models</Link>} />
      <div className={styles["head"]}>
        <div className="grow">
          <div className="row">
            <span className="subject" dir="auto">
              {visible(model.name)}
            </span>
            <span className="mono subtle">{shortId(model.id)}</span>
          </div>
          <div className="muted num clip">
            {model.label && `${visible(model.label)} · `}
            {formatBytes(model.size)} · made <When time={model.createdAt} /> ·{" "}
            {model.results.length === 0
              ? "no evaluations yet"
              : `${verified} of ${formatCount(model.results.length, "evaluation")} verified`}
          </div>
        </div>
        {model.interface && model.dataset && <FillMissing models={[model.id]} />}
      </div>
      {!(model.interface && model.dataset) && <CannotBeAsked model={model} />}
      <div className={styles["body"]}>
        <div className={styles["main"]}>
          <AttackCurves modelId={model.id} />
          <Results results={model.results} />
        </div>
        <div className={styles["main"]}>
          <Panel title="Facts">
            <Facts items={factsOf(model)} />
          </Panel>
          <Panel
            title="Files"
            aside={
              <span className="muted num">
                {model.files.length.toLocaleString("en-US")} · {formatBytes(model.size)}
              </span>
            }
          >
            <div className={styles["files"]}>
              <PlainTable
                label="Files"
                columns={fileColumns}
                rows={model.files.slice(0, mostFiles)}
                keyOf={({ path }) => path}
              />
            </div>
            {model.files.length > mostFiles && (
              <p className={styles["note"]}>
                {formatCount(model.files.length - mostFiles, "more file", "more files")}
              </p>
            )}
          </Panel>
        </div>
      </div>
    </>
  );
}

/** A checkpoint may be a folder of thousands of shards. */
const mostFiles = 200;

type File = ModelDetail["files"][number];

const fileColumns: PlainColumn<File>[] = [
  {
    id: "path",
    title: "File",
    wraps: true,
    cell: ({ path, sha256 }) => (
      <span className="mono" title={`SHA-256 ${sha256}`}>
        {visible(path)}
      </span>
    ),
  },
  { id: "size", title: "Size", align: "right", cell: ({ size }) => formatBytes(size) },
];

function factsOf(model: ModelDetail): { name: string; value: ReactNode }[] {
  const { input, load, serve } = model.interface ?? {};
  const origin = model.run ? (
    <Link to="/runs/$run" params={{ run: model.run }}>
      run {shortId(model.run)}
    </Link>
  ) : (
    "import"
  );
  const asked = <span className="mono">{visible(load ?? serve?.join(" ") ?? "not told")}</span>;
  const hash = (
    <span className="mono" title={model.hash}>
      {model.hash.slice(0, 16)}
    </span>
  );
  return [
    { name: "made by", value: origin },
    { name: "dataset", value: visible(model.dataset ?? "none") },
    { name: "input", value: input ? `${input.layout} ${input.shape.join(" × ")}` : "not told" },
    { name: "bounds", value: input ? `[${input.bounds.join(", ")}]` : "not told" },
    { name: load ? "load" : "serve", value: asked },
    { name: "hash", value: hash },
  ];
}

/** Why there is nothing to fill, and what to do about it. */
function CannotBeAsked({ model }: { model: ModelDetail }) {
  return (
    <p className={styles["blocked"]}>
      {model.interface
        ? "It names no dataset, so it cannot be attacked. Import it again with --dataset NAME, or set dataset in gauntlet.yaml."
        : "Its experiment does not say how it is asked, so it cannot be attacked. Add model: { load: FILE:FUNCTION, input: ... } to gauntlet.yaml and run it again."}
    </p>
  );
}
