import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Stage } from "../../../shared/schemas/run-folder.ts";
import type { AttemptView } from "../../../shared/views.ts";
import { useKeys } from "../../state/keys.ts";
import { Button } from "../../ui/button.tsx";
import { classes } from "../../ui/classes.ts";
import { Input } from "../../ui/input.tsx";
import { Segments } from "../../ui/layout.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";
import lineStyles from "./log-line.module.css";
import { findLine, logParts, looksLikeError, shownLine } from "./log-lines.ts";
import styles from "./page.module.css";
import { useLog } from "./use-log.ts";

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
    <LogOfStage key={stage ?? ""} run={run} stage={stage} isLive={isLive}>
      {known.length > 1 && stage && (
        <Segments<Stage>
          label="Stage"
          value={stage}
          options={known.map((value) => ({ value, text: value }))}
          onChange={setChosen}
        />
      )}
    </LogOfStage>
  );
}

function LogOfStage({
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
  const { log, error } = useLog(run, stage);
  const { lines } = log;
  const [follows, setFollows] = useState(isLive);
  const [wanted, setWanted] = useState("");
  const [found, setFound] = useState<number | null>(null);
  const [note, setNote] = useState("");
  const scroller = useRef<HTMLDivElement>(null);
  const finder = useRef<HTMLInputElement>(null);
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

  function show(index: number, absence: string): void {
    setNote(index === -1 ? absence : "");
    if (index === -1) return;
    setFollows(false);
    setFound(index);
    virtual.scrollToIndex(index, { align: "center" });
  }
  function find(backwards: boolean): void {
    if (wanted === "") return;
    const start = found === null ? 0 : found + (backwards ? -1 : 1);
    show(findLine(lines, wanted, start, backwards), "No line has this.");
  }
  const showFirstError = () =>
    show(
      lines.findIndex((line) => looksLikeError(shownLine(line))),
      "No line looks like an error.",
    );
  useKeys({ "/": () => finder.current?.focus(), e: showFirstError });

  return (
    <>
      <div className={styles["logTools"]}>
        {children}
        <Input
          ref={finder}
          aria-label="Find in the log"
          placeholder="Find"
          value={wanted}
          onChange={(event) => {
            setWanted(event.target.value);
            setFound(null);
            setNote("");
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter") find(event.shiftKey);
            if (event.key === "Escape") scroller.current?.focus();
          }}
        />
        <Button
          kind="quiet"
          icon="arrowUp"
          aria-label="Line before that has it"
          disabled={wanted === ""}
          onClick={() => find(true)}
        />
        <Button
          kind="quiet"
          icon="arrowDown"
          aria-label="Next line that has it"
          disabled={wanted === ""}
          onClick={() => find(false)}
        />
        <Button kind="quiet" icon="warning" onClick={showFirstError}>
          First error
        </Button>
        <span className="muted" role="status">
          {note}
        </span>
        <span className="grow" />
        <span className="subtle num">
          {log.attempt !== null && log.attempt > 1 && `attempt ${log.attempt} · `}
          {count.toLocaleString("en-US")} lines
        </span>
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
        aria-busy={stage !== null && !log.ended}
        tabIndex={0}
        onWheel={(event) => event.deltaY < 0 && setFollows(false)}
      >
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map(({ index, start }) => (
            <Line
              key={index}
              index={index}
              start={start}
              line={lines[index] ?? ""}
              isFound={index === found}
            />
          ))}
        </div>
      </div>
    </>
  );
}

function Line({
  index,
  start,
  line,
  isFound,
}: {
  index: number;
  start: number;
  line: string;
  isFound: boolean;
}) {
  return (
    <div
      className={styles["logLine"]}
      style={{ transform: `translateY(${start}px)` }}
      data-found={isFound ? "" : undefined}
      data-error={looksLikeError(shownLine(line)) ? "" : undefined}
    >
      <span aria-hidden="true">{index + 1}</span>
      <span dir="ltr">
        {logParts(line).map(({ text, colour, bold }, at) =>
          colour === null && !bold ? (
            text
          ) : (
            <span
              key={at}
              className={classes(lineStyles["part"], bold && lineStyles["bold"])}
              data-colour={colour ?? undefined}
            >
              {text}
            </span>
          ),
        )}
      </span>
    </div>
  );
}
