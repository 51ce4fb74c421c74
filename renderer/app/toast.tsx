import { useEffect } from "react";
import { describeError } from "../rpc/errors.ts";
import { modifierName } from "../state/keys.ts";
import { useUndo } from "../state/undo.ts";
import { Button } from "../ui/button.tsx";
import styles from "./shell.module.css";

/** How long what was done stays, ms; what failed stays until it is closed. */
const stay = 6000;

/** Tells what the person did, with a button that takes it back. */
export function Toast() {
  const { toast, undoLast, dismiss } = useUndo();
  useEffect(() => {
    if (!toast || toast.error !== null) return undefined;
    const timer = setTimeout(dismiss, stay);
    return () => clearTimeout(timer);
  }, [toast, dismiss]);
  return (
    <div className={styles["toasts"]} role="status">
      {toast && (
        <div className={styles["toast"]}>
          <span>
            {toast.text}
            {toast.error !== null && `. ${describeError(toast.error).message}`}
          </span>
          {toast.step && (
            <Button size="small" onClick={() => void undoLast()}>
              Undo <kbd>{modifierName} Z</kbd>
            </Button>
          )}
          <Button kind="quiet" size="small" icon="close" aria-label="Close" onClick={dismiss} />
        </div>
      )}
    </div>
  );
}
