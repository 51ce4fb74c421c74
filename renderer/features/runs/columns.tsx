import { formatDuration, shortId } from "../../../shared/format.ts";
import type { GroupRow, RunRow, TableValue } from "../../../shared/runs-table.ts";
import { visible } from "../../../shared/visible.ts";
import { formatFixed, formatNumber } from "../../ui/numbers.ts";
import { State } from "../../ui/state.tsx";
import { type Column, SelectBox } from "../../ui/table.tsx";
import { Tags } from "../../ui/tags.tsx";
import { When } from "../../ui/when.tsx";
import { metricOfCurve } from "./curves.ts";
import { RunStar } from "./run-star.tsx";
import { Sparkline } from "./sparkline.tsx";
import type { TableRow } from "./use-table.ts";

const widths: Readonly<Record<string, number>> = {
  state: 138,
  experiment: 120,
  seed: 64,
  duration: 104,
  created: 110,
  score: 92,
  label: 240,
  condition: 220,
};
const titles: Readonly<Record<string, string>> = {
  state: "State",
  label: "Parameters",
  experiment: "Experiment",
  seed: "Seed",
  created: "Created",
  duration: "Duration",
  score: "Score",
  condition: "Condition",
};
/** Columns of words. */
const words: ReadonlySet<string> = new Set(["state", "experiment", "created", "label", "dataset"]);

const none = <span className="subtle">–</span>;

/** The columns of the runs table for these fields, in their order. */
export function tableColumns(options: {
  fields: readonly string[];
  /** The fields whose values were asked for, in the order of the values. */
  asked: readonly string[];
  isText(field: string): boolean;
  isSelected(run: RunRow): boolean;
  onSelect(row: TableRow, index: number, extend: boolean): void;
}): Column<TableRow>[] {
  const { fields, asked, isSelected, onSelect } = options;
  return [
    {
      id: "select",
      title: "",
      label: "Selected",
      width: 32,
      pinned: true,
      cell: (row, index) =>
        row.kind === "run" && (
          <SelectBox
            checked={isSelected(row.run)}
            label={`Select ${visible(row.run.name)}`}
            onToggle={(extend) => onSelect(row, index, extend)}
          />
        ),
    },
    {
      id: "name",
      title: "Run",
      width: 252,
      pinned: true,
      sortable: true,
      cell: (row) =>
        row.kind === "run" ? <Name run={row.run} /> : <GroupName group={row.group} />,
    },
    ...fields.map((field): Column<TableRow> => {
      const curve = metricOfCurve(field);
      if (curve !== null) return curveColumn(field, curve);
      const isText = words.has(field) || options.isText(field);
      const at = asked.indexOf(field);
      return {
        id: field,
        title: titles[field] ?? visible(field),
        width: widths[field] ?? Math.min(200, Math.max(isText ? 110 : 84, field.length * 7.2 + 26)),
        align: isText ? "left" : "right",
        sortable: true,
        cell: (row) =>
          row.kind === "run"
            ? runCell(row.run, field, row.run.values[at] ?? null)
            : groupCell(row.group, field, at),
      };
    }),
  ];
}

function curveColumn(id: string, metric: string): Column<TableRow> {
  return {
    id,
    title: visible(metric),
    unit: "curve",
    width: Math.min(200, Math.max(110, metric.length * 6.6 + 58)),
    sortable: true,
    sortAs: `metric:${metric}`,
    cell: (row) => (row.kind === "run" ? <Sparkline run={row.run} metric={metric} /> : none),
  };
}

function Name({ run }: { run: RunRow }) {
  return (
    <>
      <RunStar run={run} />
      <span className="medium clip" dir="auto">
        {visible(run.name)}
      </span>
      <span className="mono subtle">{shortId(run.id)}</span>
      {run.tags.length > 0 && <Tags tags={run.tags} />}
    </>
  );
}

function GroupName({ group }: { group: GroupRow }) {
  const label = group.newest.label.replace(/\s*\bseed=\d+/, "");
  return (
    <>
      <span className="mono clip" title={visible(label)}>
        {visible(label) || visible(group.newest.experiment)}
      </span>
      <span className="subtle">{group.runs === 1 ? "1 run" : `${group.runs} runs`}</span>
    </>
  );
}

function runCell(run: RunRow, field: string, value: TableValue) {
  switch (field) {
    case "state":
      return <State state={run.state} text={run.state === "failed" ? run.reason : null} />;
    case "experiment":
      return <span className="clip">{visible(run.experiment)}</span>;
    case "seed":
      return run.seed;
    case "label":
      return (
        <span className="mono clip" title={visible(run.label)}>
          {visible(run.label)}
        </span>
      );
    case "score":
      return typeof value === "number" ? formatFixed(value, 3) : none;
    case "duration":
      return run.startedAt === null || run.endedAt === null
        ? none
        : formatDuration(run.endedAt - run.startedAt);
    case "created":
      return <When time={run.createdAt} />;
    default:
      if (value === null) return none;
      return typeof value === "number" ? (
        formatNumber(value)
      ) : (
        <span className="clip" title={visible(value)}>
          {visible(value)}
        </span>
      );
  }
}

function groupCell(group: GroupRow, field: string, at: number) {
  const value = group.values[at];
  if (field === "state") return <span className="subtle">newest: {group.newest.state}</span>;
  if (field === "experiment")
    return <span className="clip">{visible(group.newest.experiment)}</span>;
  if (field === "created") return <When time={group.newest.createdAt} />;
  if (field === "label") return none;
  if (field === "seed") return <span className="subtle">{group.runs}</span>;
  if (!value) return none;
  if (value.mean === null) return value.text === null ? none : visible(value.text);
  if (field === "duration") return formatDuration(value.mean);
  return (
    <>
      {formatNumber(value.mean)}
      {value.deviation !== null && value.deviation > 0 && (
        <span className="subtle">± {formatNumber(Number(value.deviation.toPrecision(2)))}</span>
      )}
    </>
  );
}
