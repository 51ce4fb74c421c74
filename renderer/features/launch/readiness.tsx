import { useQuery } from "@tanstack/react-query";
import { placeText } from "../../../shared/place-text.ts";
import type { Finding } from "../../../shared/readiness.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { ErrorNotice } from "../../ui/notices.tsx";
import { sentence } from "../../ui/sentence.ts";
import { State, type StateName } from "../../ui/state.tsx";
import styles from "./page.module.css";

/** Where the jobs will run, and what is missing before they can. It holds up no form. */
export function Readiness({
  folder,
  evaluate,
  readAt,
}: {
  folder: string;
  evaluate: boolean;
  /** When the file was read, ms: what is missing is looked for anew with it. */
  readAt: number;
}) {
  const options = core.experiments.readiness.queryOptions({ input: { folder, evaluate } });
  const { data, error } = useQuery({
    ...options,
    queryKey: [...options.queryKey, readAt],
    // Until there is another answer, so that the form does not jump.
    placeholderData: (before) => before,
  });
  if (error) return <ErrorNotice error={error} />;
  return (
    <section className={styles["readiness"]} aria-label="Where it runs" aria-busy={!data}>
      <p>
        <span className="muted">Runs</span>{" "}
        {data ? visible(placeText(data.place)) : <span className="subtle">…</span>}
        {data?.place.runner === "docker" && data.place.id !== null && (
          <span className="mono subtle" title={data.place.id}>
            {" "}
            {data.place.id.replace("sha256:", "").slice(0, 12)}
          </span>
        )}
      </p>
      {data && data.findings.length > 0 && (
        <ul aria-label="Before it can start">
          {data.findings.map((finding) => (
            <FindingRow key={finding.message} finding={finding} />
          ))}
        </ul>
      )}
    </section>
  );
}

const looks: Record<Finding["state"], { state: StateName; text: string }> = {
  note: { state: "queued", text: "note" },
  warning: { state: "warning", text: "waits" },
  failed: { state: "failed", text: "missing" },
};

function FindingRow({ finding: { state, code, message, hint } }: { finding: Finding }) {
  return (
    <li>
      <State {...looks[state]} />
      <div>
        {sentence(message)}
        {hint && <div className="muted">{visible(hint)}</div>}
      </div>
      {code && <span className="mono muted">{code}</span>}
    </li>
  );
}
