import { Dialog as Base } from "@base-ui/react/dialog";
import type { FormEvent, ReactNode } from "react";
import { classes } from "./classes.ts";
import styles from "./dialog.module.css";

/**
 * Only to confirm what cannot be undone, to choose, or to look something up. The title is the
 * question, the buttons are verbs. Esc and a click outside close it; focus goes back where it was.
 */
export function Dialog({
  open,
  onClose,
  title,
  hideTitle,
  children,
  actions,
  top,
  wide,
}: {
  open: boolean;
  onClose(): void;
  title: string;
  hideTitle?: boolean;
  children: ReactNode;
  actions?: ReactNode;
  /** Near the top edge, for lists that grow. */
  top?: boolean;
  /** For what would be longer than a small window. */
  wide?: boolean;
}) {
  return (
    <Base.Root open={open} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles["backdrop"]} />
        <Base.Popup
          className={classes(top ? styles["topPopup"] : styles["popup"], wide && styles["wide"])}
        >
          <Base.Title className={hideTitle ? "heard" : styles["title"]}>{title}</Base.Title>
          {children}
          {actions && <div className={styles["actions"]}>{actions}</div>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** A dialog with fields; Enter in one of them does what the last of the actions does. */
export function FormDialog({
  title,
  onClose,
  onSubmit,
  children,
  actions,
}: {
  title: string;
  onClose(): void;
  onSubmit(): void;
  children: ReactNode;
  /** The last one is of the type `submit`. */
  actions: ReactNode;
}) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Dialog open onClose={onClose} title={title}>
      <form onSubmit={submit} aria-label={title} noValidate>
        <div className={styles["fields"]}>{children}</div>
        <div className={styles["actions"]}>{actions}</div>
      </form>
    </Dialog>
  );
}

/** A field of a dialog: its name over it, what is to be known of it below. */
export function DialogField({
  label,
  about,
  problem,
  children,
}: {
  label: string;
  about?: string;
  problem?: string | null;
  children: ReactNode;
}) {
  return (
    <div className={styles["field"]}>
      <label>
        <span className="medium">{label}</span>
        {children}
      </label>
      {about && <span className={styles["about"]}>{about}</span>}
      {problem && (
        <span className={styles["problem"]} role="alert">
          {problem}
        </span>
      )}
    </div>
  );
}
