import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { formatBytes } from "../../../shared/format.ts";
import type { AddedDataset, DatasetView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { PageHeader } from "../../app/page-header.tsx";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { EmptyState, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { Scroll } from "../../ui/scroll.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { When } from "../../ui/when.tsx";
import { Adding, forgetFailures } from "./adding.tsx";
import { AddDataset, AddedNote } from "./add-dataset.tsx";
import { Samples } from "./samples.tsx";
import styles from "./samples.module.css";

/** Packed datasets, the newest version of each name first. */
export function DatasetsPage() {
  const { data, error, refetch } = useQuery(
    // A run uses one.
    core.datasets.list.queryOptions({ input: {}, meta: { follows: ["dataset", "run"] } }),
  );
  const [opened, setOpened] = useState<string | null>(null);
  const [added, setAdded] = useState<AddedDataset | null>(null);
  const [isAdding, setAdding] = useState(false);
  const queries = useQueryClient();
  const closeForm = () => {
    forgetFailures(queries); // The form has shown them.
    setAdding(false);
  };
  return (
    <>
      <PageHeader title="Datasets">
        <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
          Add dataset…
        </Button>
      </PageHeader>
      {isAdding ? (
        <AddDataset
          onClose={closeForm}
          onAdded={(dataset) => {
            setAdded(dataset);
            setOpened(dataset.hash);
          }}
        />
      ) : (
        <Adding />
      )}
      {added && <AddedNote dataset={added} />}
      {error ? (
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      ) : data ? (
        <Datasets datasets={data} opened={opened} onOpen={setOpened} />
      ) : (
        <Skeleton lines={6} />
      )}
    </>
  );
}

function Datasets({
  datasets,
  opened,
  onOpen,
}: {
  datasets: readonly DatasetView[];
  /** Hash of the one whose samples are shown; null: the newest. */
  opened: string | null;
  onOpen(hash: string): void;
}) {
  if (datasets.length === 0)
    return (
      <EmptyState title="Datasets will be listed here" command="npx gauntlet datasets add PATH">
        Images are packed once, split by split, and named by the hash of their content, so that two
        results are compared only when they saw the same samples. Folders of images, Tiny ImageNet,
        CIFAR, IDX and NumPy files can be added; the digits come with the demo.
      </EmptyState>
    );
  const shown = datasets.find(({ hash }) => hash === opened) ?? datasets[0];
  return (
    <>
      <Table<DatasetView>
        label="Datasets"
        columns={columns}
        count={datasets.length}
        rowAt={(index) => datasets[index]}
        isSelected={(dataset) => dataset === shown}
        onOpen={({ hash }) => onOpen(hash)}
      />
      <p className="caption">
        A name alone means the newest of that name. The hash covers every sample, label and split.
        What has made room is packed again when a job needs it.
      </p>
      {shown && (
        <div className={styles["below"]}>
          <Scroll label="Samples" className={styles["body"]}>
            {shown.isDropped ? (
              <EmptyState title="Its images have made room for others">
                They are packed again when a job needs them
                {shown.source !== null && `, from ${visible(shown.source)}`}.
              </EmptyState>
            ) : (
              <Samples key={shown.hash} dataset={shown} />
            )}
          </Scroll>
        </div>
      )}
    </>
  );
}

const columns: Column<DatasetView>[] = [
  {
    id: "name",
    title: "Dataset",
    width: 180,
    pinned: true,
    cell: ({ name }) => (
      <span className="medium clip" dir="auto">
        {visible(name)}
      </span>
    ),
  },
  {
    id: "version",
    title: "Version",
    width: 100,
    cell: ({ version }) => <span className="mono clip">{visible(version)}</span>,
  },
  {
    id: "classes",
    title: "Classes",
    width: 80,
    align: "right",
    cell: ({ classes }) => classes.toLocaleString("en-US"),
  },
  {
    id: "splits",
    title: "Splits",
    unit: "samples",
    width: 200,
    cell: ({ splits }) => (
      <span className="clip">
        {Object.entries(splits).map(([split, count], index) => (
          <span key={split}>
            {index > 0 && " · "}
            <span className="muted">{visible(split)}</span> {count.toLocaleString("en-US")}
          </span>
        ))}
      </span>
    ),
  },
  {
    id: "size",
    title: "Size",
    width: 140,
    align: "right",
    cell: ({ size, isDropped }) => (
      <>
        {isDropped && <span className="subtle">made room</span>}
        <span className={isDropped ? "subtle" : undefined}>{formatBytes(size)}</span>
      </>
    ),
  },
  {
    id: "used",
    title: "Last use",
    width: 110,
    cell: ({ usedAt }) => (
      <span className="muted">
        <When time={usedAt} />
      </span>
    ),
  },
  {
    id: "hash",
    title: "Hash",
    width: 150,
    cell: ({ hash }) => (
      <span className="mono subtle" title={hash}>
        {hash.slice(0, 16)}
      </span>
    ),
  },
  {
    id: "created",
    title: "Added",
    width: 110,
    cell: ({ createdAt }) => (
      <span className="muted">
        <When time={createdAt} />
      </span>
    ),
  },
];
