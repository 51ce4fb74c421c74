import type { ReactNode, Ref } from "react";
import { classes } from "./classes.ts";
import styles from "./layout.module.css";

/** A part of a page that scrolls by itself; focusable, so that the keyboard scrolls it too. */
export function Scroll({
  label,
  className,
  children,
  ref,
}: {
  label: string;
  className?: string;
  children: ReactNode;
  ref?: Ref<HTMLDivElement>;
}) {
  return (
    // oxlint-disable jsx-a11y/no-noninteractive-tabindex
    <div
      ref={ref}
      className={classes(styles["scroll"], className)}
      role="region"
      aria-label={label}
      tabIndex={0}
    >
      {children}
    </div>
    // oxlint-enable jsx-a11y/no-noninteractive-tabindex
  );
}
