import { useEffect, useId, useState } from "react";
import styles from "./finder.module.css";
import { Icon, type IconName } from "./icon.tsx";

export type Found = { id: string; icon: IconName; text: string; detail: string };

/**
 * A field to type into and what it finds, one under the other. Arrows choose, Enter takes. The
 * keyboard stays in the field, which names the chosen one by its id.
 */
export function Finder<Option extends Found>({
  label,
  text,
  onText,
  options,
  onTake,
}: {
  label: string;
  text: string;
  onText(text: string): void;
  options: readonly Option[];
  onTake(option: Option): void;
}) {
  const id = useId();
  const [chosen, setChosen] = useState(0);
  const current = Math.min(chosen, options.length - 1);
  useEffect(() => {
    document.getElementById(`${id}-${current}`)?.scrollIntoView({ block: "nearest" });
  }, [id, current]);

  return (
    <>
      <input
        className={styles["input"]}
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={options.length > 0 ? `${id}-${current}` : undefined}
        aria-label={label}
        placeholder={label}
        autoComplete="off"
        value={text}
        onChange={(event) => {
          onText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={(event) => {
          const option = options[current];
          if (event.key === "ArrowDown") setChosen(Math.min(current + 1, options.length - 1));
          else if (event.key === "ArrowUp") setChosen(Math.max(current - 1, 0));
          else if (event.key === "Enter" && option) onTake(option);
          else return;
          event.preventDefault();
        }}
      />
      <div id={id} role="listbox" aria-label="Found" className={styles["list"]}>
        {options.map((option, index) => (
          <div
            key={option.id}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === current}
            tabIndex={-1}
            onPointerMove={() => setChosen(index)}
            onClick={() => onTake(option)}
          >
            <Icon name={option.icon} />
            <span className="clip">{option.text}</span>
            <span className="grow" />
            <span className="muted clip">{option.detail}</span>
          </div>
        ))}
      </div>
      {options.length === 0 && <p className={styles["note"]}>Nothing has this name.</p>}
    </>
  );
}
