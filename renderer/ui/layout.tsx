import type { ReactNode } from "react";
import { classes } from "./classes.ts";
import styles from "./layout.module.css";

/** A row of controls over a page's content. */
export function Toolbar({ children, label }: { children: ReactNode; label: string }) {
  return (
    <div className={styles["toolbar"]} role="group" aria-label={label}>
      {children}
    </div>
  );
}

/** A bordered part of a page with a title. */
export function Panel({
  title,
  aside,
  children,
  className,
}: {
  title: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <section className={classes(styles["panel"], className)}>
      <header className={styles["panelHead"]}>
        <h2 className="medium clip">{title}</h2>
        <span className="grow" />
        {aside}
      </header>
      {children}
    </section>
  );
}

/** Names with values: parameters, facts. */
export function Facts({ items }: { items: readonly { name: string; value: ReactNode }[] }) {
  return (
    <dl className={styles["facts"]}>
      {items.map(({ name, value }) => (
        <div key={name}>
          <dt className="clip">{name}</dt>
          <dd className="num clip">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** One of a few, side by side. */
export function Segments<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: readonly { value: T; text: string }[];
  onChange(value: T): void;
}) {
  return (
    <div className={styles["segments"]} role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
        >
          {option.text}
        </button>
      ))}
    </div>
  );
}

/** A control behind its name; what is wrong with it stands beside it. */
export function Field({
  label,
  problem,
  children,
}: {
  label: string;
  problem?: string | null;
  children: ReactNode;
}) {
  return (
    <div className={styles["field"]}>
      <label className={styles["field"]}>
        <span className="muted">{label}</span>
        {children}
      </label>
      {/* Outside of the label: what is wrong with a control is not its name. */}
      {problem && (
        <span className={styles["problem"]} role="alert">
          {problem}
        </span>
      )}
    </div>
  );
}
