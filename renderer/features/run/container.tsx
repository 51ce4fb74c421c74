import { containerFacts } from "../../../shared/container-facts.ts";
import type { ContainerView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { Facts } from "../../ui/layout.tsx";
import styles from "./page.module.css";

/** What an attempt ran in: image, digest, engine, network. */
export function Container({ container }: { container: ContainerView }) {
  return (
    <div className={styles["container"]}>
      <Facts
        items={containerFacts(container).map(({ name, value }) => ({
          name,
          value: <span className="mono">{visible(value)}</span>,
        }))}
      />
    </div>
  );
}
