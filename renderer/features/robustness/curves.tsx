import { lazy, type ReactNode, Suspense, useState } from "react";
import { formatNorm, formatPercent } from "../../../shared/format.ts";
import type { RobustnessCurveView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { Panel } from "../../ui/layout.tsx";
import { formatFixed } from "../../ui/numbers.ts";
import styles from "./curves.module.css";

// The drawing library comes when there is something to draw.
const CurveChart = lazy(async () => ({
  default: (await import("./curve-chart.tsx")).CurveChart,
}));

export type CurveLine = {
  id: string;
  name: string;
  /** Of the chart's colours; null: the colour of text. */
  slot: number | null;
  strong?: boolean;
  /** At each of the epsilons, in [0, 1]. */
  robustAccuracy: readonly number[];
};

/** Robust accuracy against epsilon of a few lines, and their values under the pointer. */
export function Curves({
  title = "Robust accuracy against ε",
  curve,
  lines,
  children,
}: {
  title?: string;
  curve: Pick<RobustnessCurveView, "epsilons" | "norm" | "threatModel">;
  lines: readonly CurveLine[];
  /** What the caption says beyond norm, bounds and samples. */
  children: ReactNode;
}) {
  const [point, setPoint] = useState<number | null>(null);
  const { epsilons, norm, threatModel } = curve;
  const at = point ?? Math.floor(epsilons.length / 2);
  const valueAt = (line: CurveLine) => {
    const share = line.robustAccuracy[at];
    return share === undefined ? "–" : formatPercent(share);
  };
  return (
    <Panel
      title={title}
      className={styles["panel"]}
      aside={
        <span className="muted num">
          {norm && formatNorm(norm)} · [{threatModel?.bounds.join(", ")}]
        </span>
      }
    >
      <div className={styles["body"]}>
        <div className={styles["chart"]}>
          <Suspense fallback={null}>
            <CurveChart
              label={`Robust accuracy against epsilon. ${lines.map(spoken).join(". ")}`}
              epsilons={epsilons}
              lines={lines}
              onPoint={setPoint}
            />
          </Suspense>
        </div>
        <div className={styles["legend"]}>
          <dl>
            {lines.map((line, index) => (
              <div key={line.id}>
                <dt className="clip" title={visible(line.name)}>
                  <svg width="16" height="4" aria-hidden="true">
                    <path
                      d="M0 2h16"
                      stroke={
                        line.slot === null ? "var(--fg-default)" : `var(--chart-${line.slot + 1})`
                      }
                      strokeWidth={line.strong ? 3 : 2}
                      strokeDasharray={index >= 4 ? "5 3" : undefined}
                    />
                  </svg>
                  <span className="clip" dir="auto">
                    {visible(line.name)}
                  </span>
                </dt>
                <dd className="num">{valueAt(line)}</dd>
              </div>
            ))}
          </dl>
          <p className="subtle num">at ε = {formatFixed(epsilons[at] ?? 0, 3)}</p>
        </div>
      </div>
      <p className={styles["caption"]}>{children}</p>
    </Panel>
  );

  function spoken(line: CurveLine): string {
    const half = line.robustAccuracy.findIndex((share) => share < 0.5);
    const start = line.robustAccuracy[0] ?? 0;
    return `${visible(line.name)}: ${formatPercent(start)} at 0${
      half > 0 ? `, under half from ${formatFixed(epsilons[half] ?? 0, 3)}` : ""
    }`;
  }
}
