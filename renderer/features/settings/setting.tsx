import type { ReactNode } from "react";
import styles from "./page.module.css";

/** One line of the settings: what it is, a sentence about it, and what sets it. */
export function Setting({
  name,
  about,
  children,
}: {
  name: string;
  about: string;
  children: ReactNode;
}) {
  return (
    <div className={styles["setting"]}>
      <div className="grow">
        <div>{name}</div>
        <div className="muted">{about}</div>
      </div>
      <div className={styles["control"]}>{children}</div>
    </div>
  );
}
