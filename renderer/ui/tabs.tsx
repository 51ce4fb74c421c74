import styles from "./tabs.module.css";

/** Parts of a page, one of which is shown. Arrow keys go from one to the next. */
export function Tabs<T extends string>({
  label,
  value,
  tabs,
  onChange,
}: {
  label: string;
  value: T;
  tabs: readonly { value: T; title: string; count?: number }[];
  onChange(value: T): void;
}) {
  return (
    <div
      role="tablist"
      aria-label={label}
      tabIndex={-1}
      className={styles["tabs"]}
      onKeyDown={(event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step === undefined) return;
        const at = tabs.findIndex((tab) => tab.value === value);
        const next = tabs[(at + step + tabs.length) % tabs.length];
        if (next) onChange(next.value);
        const buttons = event.currentTarget.querySelectorAll("button");
        buttons[(at + step + tabs.length) % tabs.length]?.focus();
      }}
    >
      {tabs.map((tab) => (
        <button
          key={tab.value}
          type="button"
          role="tab"
          aria-selected={tab.value === value}
          tabIndex={tab.value === value ? 0 : -1}
          onClick={() => onChange(tab.value)}
        >
          {tab.title}
          {tab.count !== undefined && <em>{tab.count.toLocaleString("en-US")}</em>}
        </button>
      ))}
    </div>
  );
}
