import { Link } from "@tanstack/react-router";
import type { RunDetail } from "../../../shared/views.ts";
import { shortId } from "../../../shared/format.ts";
import { visible } from "../../../shared/visible.ts";
import { Facts, Panel } from "../../ui/layout.tsx";

/** What a run was made from and what was made from it. */
export function Lineage({ run }: { run: RunDetail }) {
  const { dataset, sweep, model, evaluations } = run;
  const verified = evaluations.filter(({ state }) => state === "verified").length;
  return (
    <Panel title="Lineage">
      <Facts
        items={[
          {
            name: "dataset",
            value: dataset ? <Link to="/datasets">{visible(dataset)}</Link> : "none",
          },
          {
            name: "experiment",
            value: `${visible(run.experiment)} version ${run.version}`,
          },
          {
            name: "sweep",
            value: sweep ? (
              <Link to="/sweeps/$sweep" params={{ sweep }}>
                {shortId(sweep)}
              </Link>
            ) : (
              "none"
            ),
          },
          {
            name: "model",
            value: model ? (
              <Link to="/models/$model" params={{ model }}>
                {shortId(model)}
              </Link>
            ) : (
              "none yet"
            ),
          },
          { name: "evaluations", value: `${verified} of ${evaluations.length} verified` },
        ]}
      />
    </Panel>
  );
}
