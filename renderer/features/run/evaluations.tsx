import type { EvaluationView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { Panel } from "../../ui/layout.tsx";
import { formatNumber } from "../../ui/numbers.ts";
import { State } from "../../ui/state.tsx";
import { When } from "../../ui/when.tsx";
import styles from "./page.module.css";

/** The attacks that a run's model was sent through. */
export function Evaluations({ evaluations }: { evaluations: readonly EvaluationView[] }) {
  return (
    <Panel title="Evaluations">
      <table className={styles["plain"]}>
        <thead>
          <tr>
            <th>Attack</th>
            <th>State</th>
            <th data-number>Median distance</th>
            <th data-number>Verified</th>
            <th data-number>Rejected</th>
            <th>Ended</th>
          </tr>
        </thead>
        <tbody>
          {evaluations.map((evaluation) => (
            <tr key={evaluation.id}>
              <td className="mono">{visible(evaluation.attack)}</td>
              <td>
                <State
                  state={evaluation.state}
                  text={evaluation.state === "failed" ? evaluation.reason : null}
                />
              </td>
              <td data-number>{told(evaluation.facts?.median)}</td>
              <td data-number>{told(evaluation.facts?.verified)}</td>
              <td data-number>
                {evaluation.rejections.reduce((sum, { count }) => sum + count, 0)}
              </td>
              <td className="muted">
                <When time={evaluation.endedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

function told(value: number | null | undefined): string {
  return typeof value === "number" ? formatNumber(value) : "–";
}
