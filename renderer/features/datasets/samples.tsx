import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { DatasetPreview } from "../../../shared/dataset-preview.ts";
import type { DatasetView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { Panel, Segments } from "../../ui/layout.tsx";
import { ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { pictureOf } from "./pictures.ts";
import styles from "./samples.module.css";

/** Samples of one dataset as a grid of pictures, each class by its share. */
export function Samples({ dataset }: { dataset: DatasetView }) {
  const splits = Object.keys(dataset.splits);
  const [wanted, setWanted] = useState("test");
  const split = splits.includes(wanted) ? wanted : (splits[0] ?? "test");
  const [seed, setSeed] = useState(0);
  const { data, error, refetch } = useQuery(
    core.datasets.preview.queryOptions({
      input: { hash: dataset.hash, split, seed },
      placeholderData: keepPreviousData,
      // What a hash names never changes.
      staleTime: Number.POSITIVE_INFINITY,
    }),
  );
  return (
    <Panel
      title={`Samples of ${visible(dataset.name)}`}
      aside={
        <>
          <Segments
            label="Split"
            value={split}
            options={splits.map((name) => ({ value: name, text: visible(name) }))}
            onChange={setWanted}
          />
          <Button size="small" onClick={() => setSeed(seed + 1)}>
            Show others
          </Button>
        </>
      }
    >
      {error ? (
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      ) : data ? (
        <Grid preview={data} />
      ) : (
        <Skeleton lines={4} />
      )}
    </Panel>
  );
}

function Grid({ preview }: { preview: DatasetPreview }) {
  const { base64, samples, total } = preview;
  if (base64 === null)
    return <p className="caption">The samples of this dataset are no pictures.</p>;
  return (
    <>
      <ul className={styles["grid"]}>
        {samples.map(({ sample, name }, index) => (
          <li key={sample} title={`${sample}: ${visible(name)}`}>
            <Picture preview={preview} index={index} />
            <span className="clip" dir="auto">
              {visible(name)}
            </span>
          </li>
        ))}
      </ul>
      <p className="caption">
        {samples.length} of {total.toLocaleString("en-US")} samples, each class by its share.
      </p>
    </>
  );
}

function Picture({ preview, index }: { preview: DatasetPreview; index: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(pictureOf(preview, index), 0, 0);
  }, [preview, index]);
  const { sample, name } = preview.samples[index] ?? { sample: "", name: "" };
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={`${visible(name)}, ${sample}`}
      width={preview.width}
      height={preview.height}
    />
  );
}
