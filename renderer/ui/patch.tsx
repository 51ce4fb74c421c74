import { visible } from "../../shared/visible.ts";
import styles from "./patch.module.css";

/** Lines of a unified diff; what is added and what is taken away has a ground of its own. */
export function Patch({ lines }: { lines: readonly string[] }) {
  return (
    <pre className={styles["patch"]}>
      {lines.map((line, index) => (
        <span key={index} data-change={/^[+-]/.test(line) ? line[0] : undefined}>
          {visible(line)}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}
