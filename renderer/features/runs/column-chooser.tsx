import { Popover } from "@base-ui/react/popover";
import { useState } from "react";
import type { RunField } from "../../../shared/runs-table.ts";
import { visible } from "../../../shared/visible.ts";
import { arrangeRunColumns, resetRunColumns } from "../../state/preferences.ts";
import { Button } from "../../ui/button.tsx";
import { Input } from "../../ui/input.tsx";
import { dragging } from "../../ui/column-tools.tsx";
import { curveColumns, metricOfCurve } from "./curves.ts";
import { fieldOptions, ownColumns } from "./fields.ts";
import look from "./column-chooser.module.css";
import styles from "./page.module.css";
import type { Arrangement } from "./use-arrangement.ts";

/** More that are not shown would only be slow: they are found by their name. */
const mostOthers = 100;

/** Which columns there are and in which order, and which of them stay in view. */
export function ColumnChooser({
  fields,
  chosen,
  arrange,
}: {
  fields: readonly RunField[];
  chosen: readonly string[];
  arrange: Arrangement;
}) {
  const [wanted, setWanted] = useState("");
  const kinds = new Map<string, string>(fieldOptions(fields).map(({ name, kind }) => [name, kind]));
  for (const own of ownColumns) kinds.set(own, "run");
  for (const { name } of curveColumns(fields)) kinds.set(name, "curve");
  const rest = [...kinds.keys()].filter((name) => !chosen.includes(name));
  const isFound = (name: string) => name.toLowerCase().includes(wanted.toLowerCase());
  const shown = chosen.filter(isFound);
  const others = rest.filter(isFound);
  const option = (name: string) => (
    <Option
      key={name}
      name={name}
      kind={kinds.get(name) ?? ""}
      isChosen={chosen.includes(name)}
      arrange={arrange}
      onAdd={() =>
        arrangeRunColumns(`Added the column ${visible(name)}`, { runColumns: [...chosen, name] })
      }
    />
  );
  return (
    <Popover.Root>
      <Popover.Trigger render={<Button icon="columns">Columns</Button>} />
      <Popover.Portal>
        <Popover.Positioner align="end" sideOffset={6} style={{ zIndex: "var(--z-popover)" }}>
          <Popover.Popup className={styles["chooser"]} style={{ width: 380 }} aria-label="Columns">
            <header>
              <Input
                aria-label="Find a column"
                placeholder="Find a column"
                value={wanted}
                onChange={(event) => setWanted(event.target.value)}
              />
              <Button kind="quiet" onClick={resetRunColumns}>
                Reset
              </Button>
            </header>
            <div className={look["options"]}>
              {shown.length > 0 && <ul aria-label="Shown columns">{shown.map(option)}</ul>}
              {shown.length > 0 && others.length > 0 && <hr />}
              {others.length > 0 && (
                <ul aria-label="Other columns">{others.slice(0, mostOthers).map(option)}</ul>
              )}
              {others.length > mostOthers && (
                <p className="muted">{others.length - mostOthers} more; type to find them.</p>
              )}
              {shown.length + others.length === 0 && (
                <p className="muted">No column has this name.</p>
              )}
            </div>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Option({
  name,
  kind,
  isChosen,
  arrange,
  onAdd,
}: {
  name: string;
  kind: string;
  isChosen: boolean;
  arrange: Arrangement;
  onAdd(): void;
}) {
  const curve = metricOfCurve(name);
  const shown = visible(curve ?? name);
  const told = curve === null ? shown : `the curve of ${shown}`;
  const isPinned = arrange.pinned.includes(name);
  return (
    <li {...(isChosen ? dragging(name, arrange) : {})}>
      <label>
        <input
          type="checkbox"
          checked={isChosen}
          onChange={() => (isChosen ? arrange.hide(name) : onAdd())}
        />
        <span className="mono clip" title={shown}>
          {shown}
        </span>
        <span className="grow" />
        <span className="muted">{kind}</span>
      </label>
      {isChosen && (
        <>
          <Button
            kind="quiet"
            size="small"
            icon="pin"
            pressed={isPinned}
            aria-label={`Keep ${told} in view`}
            title="Stays in view when the table is scrolled sideways"
            onClick={() => arrange.togglePin(name)}
          />
          <Button
            kind="quiet"
            size="small"
            icon="arrowUp"
            aria-label={`Move ${told} to the left`}
            onClick={() => arrange.moveBy(name, -1)}
          />
          <Button
            kind="quiet"
            size="small"
            icon="arrowDown"
            aria-label={`Move ${told} to the right`}
            onClick={() => arrange.moveBy(name, 1)}
          />
        </>
      )}
    </li>
  );
}
