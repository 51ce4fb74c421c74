import styles from "./input.module.css";

/** One of many, by the system's own list. Needs a label: by Field, or by `id`. */
export function Select({
  id,
  value,
  options,
  onChange,
}: {
  id?: string;
  value: string;
  options: readonly { value: string; text: string }[];
  onChange(value: string): void;
}) {
  return (
    <select
      id={id}
      className={styles["select"]}
      value={value}
      onChange={({ target }) => onChange(target.value)}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.text}
        </option>
      ))}
    </select>
  );
}
