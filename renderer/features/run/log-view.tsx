import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Stage } from "../../../shared/schemas/run-folder.ts";
import type { AttemptView } from "../../../shared/views.ts";
import { client } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { Input } from "../../ui/input.tsx";
import { Segments } from "../../ui/layout.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";
import { appendLog, looksLikeError, shownLine } from "./log-lines.ts";
import styles from "./page.module.css";

/** Between two looks at a log that still grows, ms. */
const interval = 700;
const lineHeight = 18;

/** The log of a run's newest attempt of a stage, as it grows. */
export function LogView({
  run,
  isLive,
  stages,
}: {
  run: string;
  isLive: boolean;
  stages: readonly Pick<AttemptView, "stage" | "state">[];
}) {
  const known: Stage[] = [...new Set(stages.map(({ stage }) => stage))];
  const [chosen, setChosen] = useState<Stage | null>(null);
  const failed = stages.findLast(({ state }) => state === "failed")?.stage;
  const stage = chosen ?? (isLive ? known.at(-1) : (failed ?? known[0])) ?? null;
  return (
    <Log key={stage ?? ""} run={run} stage={stage} isLive={isLive}>
      {known.length > 1 && stage && (
        <Segments<Stage>
          label="Stage"
          value={stage}
          options={known.map((value) => ({ value, text: value }))}
          onChange={setChosen}
        />
      )}
    </Log>
  );
}

function Log({
  run,
  stage,
  isLive,
  children,
}: {
  run: string;
  stage: Stage | null;
  isLive: boolean;
  children: ReactNode;
}) {
  const { lines, error } = useLog(run, stage, isLive);
  const [follows, setFollows] = useState(isLive);
  const [wanted, setWanted] = useState("");
  const [found, setFound] = useState<number | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  // A last line without text is the end of the one in front of it.
  const count = lines.at(-1) === "" ? lines.length - 1 : lines.length;
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    overscan: 30,
  });
  useEffect(() => {
    if (follows && count > 0) virtual.scrollToIndex(count - 1, { align: "end" });
  }, [follows, count, virtual]);

  function show(index: number): void {
    if (index === -1) return;
    setFollows(false);
    setFound(index);
    virtual.scrollToIndex(index, { align: "center" });
  }
  function findNext(): void {
    const text = wanted.toLowerCase();
    if (text === "") return;
    const after = (found ?? -1) + 1;
    const matches = (line: string) => shownLine(line).toLowerCase().includes(text);
    const next = lines.findIndex((line, index) => index >= after && matches(line));
    show(next === -1 ? lines.findIndex(matches) : next);
  }

  return (
    <>
      <div className={styles["logTools"]}>
        {children}
        <Input
          aria-label="Find in the log"
          placeholder="Find"
          value={wanted}
          onChange={(event) => {
            setWanted(event.target.value);
            setFound(null);
          }}
          onKeyDown={(event) => event.key === "Enter" && findNext()}
        />
        <Button
          kind="quiet"
          icon="warning"
          onClick={() => show(lines.findIndex((line) => looksLikeError(shownLine(line))))}
        >
          First error
        </Button>
        <span className="grow" />
        <span className="subtle num">{count.toLocaleString("en-US")} lines</span>
        <Button pressed={follows} icon="arrowDown" onClick={() => setFollows(!follows)}>
          Follow
        </Button>
      </div>
      {error !== null && <ErrorNotice error={error} />}
      {/* Focusable, so that the keyboard scrolls it. */}
      {/* oxlint-disable jsx-a11y/no-noninteractive-tabindex */}
      <div
        ref={scroller}
        className={styles["log"]}
        role="log"
        aria-live="off"
        aria-label="Log"
        tabIndex={0}
        onWheel={(event) => event.deltaY < 0 && setFollows(false)}
      >
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const line = shownLine(lines[index] ?? "");
            return (
              <div
                key={index}
                className={styles["logLine"]}
                style={{ transform: `translateY(${start}px)` }}
                data-found={index === found ? "" : undefined}
                data-error={looksLikeError(line) ? "" : undefined}
              >
                <span aria-hidden="true">{index + 1}</span>
                <span dir="ltr">{line}</span>
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}

/** Reads a log from its start, page by page, and goes on while it grows. */
function useLog(run: string, stage: Stage | null, isLive: boolean) {
  // A new object each time, around one list that only grows: a long log is not copied.
  const [log, setLog] = useState<{ lines: string[] }>({ lines: [] });
  const [error, setError] = useState<unknown>(null);
  const live = useRef(isLive);
  useEffect(() => {
    live.current = isLive;
  }, [isLive]);
  useEffect(() => {
    if (stage === null) return undefined;
    let offset = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;
    const lines: string[] = [];
    const read = async () => {
      try {
        const page = await client.runs.log({ run, stage, offset });
        if (isGone) return;
        const isMore = page.nextOffset > offset;
        offset = page.nextOffset;
        if (isMore) appendLog(lines, page.text);
        setError(null);
        setLog({ lines });
        if (page.ended || (!isMore && !live.current)) return;
        timer = setTimeout(() => void read(), isMore ? 0 : interval);
      } catch (caught) {
        if (isGone) return;
        setError(caught);
        timer = setTimeout(() => void read(), interval);
      }
    };
    void read();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [run, stage]);
  return { lines: log.lines, error };
}
