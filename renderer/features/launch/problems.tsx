import { formatCount } from "../../../shared/format.ts";
import type { InvalidExperiment } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { Icon } from "../../ui/icon.tsx";
import { sentence } from "../../ui/sentence.ts";
import { Ticked } from "../../ui/ticked.tsx";
import styles from "./page.module.css";

/** Every mistake of the file at its line, with what would be right. */
export function Problems({ folder, problems }: InvalidExperiment) {
  return (
    <section className={styles["problems"]} aria-label="Mistakes in gauntlet.yaml">
      <div className={styles["problemsHead"]} role="alert">
        <Icon name="warning" />
        <span className="medium">
          gauntlet.yaml has{" "}
          {problems.length === 1 ? "a mistake" : formatCount(problems.length, "mistake")}.
        </span>
        <span className="grow">Mend it in your editor; it is read again when you come back.</span>
        <span className="mono muted">SPEC_INVALID</span>
      </div>
      <ol>
        {problems.map(({ line, column, message, suggestion, source, offending }, index) => (
          <li key={index}>
            <div className="row">
              <span className="mono muted">
                {line}:{column}
              </span>
              <span className="medium">
                <Ticked text={sentence(message)} />
              </span>
            </div>
            <pre className="mono">
              <span className="subtle">{line} | </span>
              {visible(source.slice(0, column - 1))}
              <mark>
                {visible(source.slice(column - 1, column - 1 + Math.max(1, offending.length)))}
              </mark>
              {visible(source.slice(column - 1 + Math.max(1, offending.length)))}
            </pre>
            {suggestion && (
              <div className={styles["suggestion"]}>
                <Ticked text={sentence(suggestion)} />
              </div>
            )}
          </li>
        ))}
      </ol>
      <div className="mono subtle clip">{visible(folder)}</div>
    </section>
  );
}
