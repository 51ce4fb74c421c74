import { Popover } from "@base-ui/react/popover";
import { useState } from "react";
import type { RunField } from "../../../shared/runs-table.ts";
import { visible } from "../../../shared/visible.ts";
import { usePreferences } from "../../state/preferences.ts";
import { Button } from "../../ui/button.tsx";
import { Input } from "../../ui/input.tsx";
import { fieldOptions, ownColumns } from "./fields.ts";
import styles from "./page.module.css";

/** Which columns there are and in which order; kept in this browser. */
export function ColumnChooser({
  fields,
  chosen,
}: {
  fields: readonly RunField[];
  chosen: readonly string[];
}) {
  const [wanted, setWanted] = useState("");
  const setColumns = usePreferences((preferences) => preferences.setRunColumns);
  const kinds = new Map<string, string>(fieldOptions(fields).map(({ name, kind }) => [name, kind]));
  for (const own of ownColumns) kinds.set(own, "run");
  const rest = [...kinds.keys()].filter((name) => !chosen.includes(name));
  const shown = [...chosen, ...rest].filter((name) =>
    name.toLowerCase().includes(wanted.toLowerCase()),
  );
  const toggle = (name: string) =>
    setColumns(
      chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name],
    );
  const moveUp = (name: string) => {
    const at = chosen.indexOf(name);
    const next = chosen.filter((other) => other !== name);
    next.splice(Math.max(0, at - 1), 0, name);
    setColumns(next);
  };
  return (
    <Popover.Root>
      <Popover.Trigger render={<Button icon="columns">Columns</Button>} />
      <Popover.Portal>
        <Popover.Positioner align="end" sideOffset={6} style={{ zIndex: "var(--z-popover)" }}>
          <Popover.Popup className={styles["chooser"]} aria-label="Columns">
            <header>
              <Input
                aria-label="Find a column"
                placeholder="Find a column"
                value={wanted}
                onChange={(event) => setWanted(event.target.value)}
              />
              <Button kind="quiet" onClick={() => setColumns(null)}>
                Reset
              </Button>
            </header>
            <ul aria-label="Columns">
              {shown.map((name) => (
                <li key={name}>
                  <label>
                    <input
                      type="checkbox"
                      checked={chosen.includes(name)}
                      onChange={() => toggle(name)}
                    />
                    <span className="mono clip">{visible(name)}</span>
                  </label>
                  <span className="muted">{kinds.get(name)}</span>
                  {chosen.indexOf(name) > 0 && (
                    <Button
                      kind="quiet"
                      size="small"
                      icon="arrowUp"
                      aria-label={`Move ${visible(name)} to the left`}
                      onClick={() => moveUp(name)}
                    />
                  )}
                </li>
              ))}
            </ul>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
