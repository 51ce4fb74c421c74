import { containerFacts } from "../../../shared/container-facts.ts";
import { environmentFacts } from "../../../shared/environment-facts.ts";
import type { AttemptView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { Facts } from "../../ui/layout.tsx";
import styles from "./page.module.css";

/** What an attempt ran in and loaded: image, digest, engine, network, interpreter, packages. */
export function Surroundings({
  container,
  environment,
}: Pick<AttemptView, "container" | "environment">) {
  const facts = [...(container ? containerFacts(container) : []), ...environmentFacts(environment)];
  if (facts.length === 0) return null;
  return (
    <div className={styles["container"]}>
      <Facts
        items={facts.map(({ name, value }) => ({
          name,
          value: <span className="mono">{visible(value)}</span>,
        }))}
      />
    </div>
  );
}
