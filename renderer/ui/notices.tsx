import { type ReactNode, useEffect, useState } from "react";
import { describeError } from "../rpc/errors.ts";
import { Button } from "./button.tsx";
import { Icon } from "./icon.tsx";
import styles from "./notices.module.css";

/** What will be here, one action that leads there, one line to copy. Never a blank table. */
export function EmptyState({
  title,
  children,
  action,
  command,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  command?: string;
}) {
  return (
    <div className={styles["empty"]}>
      <h2 className={styles["emptyTitle"]}>{title}</h2>
      {children && <div className={styles["emptyText"]}>{children}</div>}
      {action}
      {command && (
        <>
          <span className="muted">In a terminal:</span>
          <CopyLine text={command} />
        </>
      )}
    </div>
  );
}

/** A line to type in a terminal, with a button that copies it. */
export function CopyLine({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className={styles["copy"]}>
      <code className="mono clip">{text}</code>
      <Button
        kind="quiet"
        size="small"
        icon="copy"
        onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
      >
        {copied ? "Copied" : "Copy"}
      </Button>
    </div>
  );
}

/** What went wrong and what to do, at the place where it happened. */
export function ErrorNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { code, message, hint, details } = describeError(error);
  return (
    <div className={styles["error"]} role="alert">
      <Icon name="warning" />
      <div className="grow">
        <div className="medium">{message}</div>
        <div>{hint}</div>
        {details && (
          <details>
            <summary>Details</summary>
            <pre className="mono">{details}</pre>
          </details>
        )}
        <div className="mono subtle">{code}</div>
      </div>
      {onRetry && (
        <Button size="small" icon="rerun" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** Grey lines in the place of what is on its way, after 150 ms: sooner it would only flicker. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={styles["skeleton"]} aria-busy="true" aria-label="Loading" role="status">
      {shown && Array.from({ length: lines }, (_, index) => <i key={index} />)}
    </div>
  );
}
