import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { shortId } from "../../shared/format.ts";
import { printValue } from "../../shared/query/print.ts";
import { core } from "../rpc/client.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import { navigation } from "./navigation.ts";
import styles from "./shell.module.css";

type Option = { id: string; icon: IconName; text: string; detail: string; open(): void };

/** Finds pages and runs by name, and opens them. */
export function CommandPalette({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Dialog open={open} onClose={onClose} title="Find a page or a run" hideTitle top>
      <Palette onClose={onClose} />
    </Dialog>
  );
}

function Palette({ onClose }: { onClose(): void }) {
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const wanted = text.trim();
  const { data } = useQuery(
    core.runs.table.queryOptions({
      input: {
        query: wanted === "" ? "" : `name ~ ${printValue({ text: wanted, quoted: true })}`,
        limit: 8,
      },
      placeholderData: keepPreviousData,
      meta: { follows: ["run"] },
    }),
  );
  const options: Option[] = [
    ...navigation
      .filter(({ title }) => title.toLowerCase().includes(wanted.toLowerCase()))
      .map(({ to, title, icon, key }) => ({
        id: to,
        icon,
        text: title,
        detail: `G ${key.toUpperCase()}`,
        open: () => void navigate({ to }),
      })),
    ...(data?.rows ?? []).map((run) => ({
      id: run.id,
      icon: "list" as const,
      text: run.name,
      detail: `${run.experiment} · ${run.state} · ${shortId(run.id)}`,
      open: () => void navigate({ to: "/runs/$run", params: { run: run.id } }),
    })),
  ];
  const current = Math.min(chosen, options.length - 1);
  const take = (option: Option | undefined) => {
    if (!option) return;
    onClose();
    option.open();
  };
  useEffect(() => {
    document.getElementById(`palette-${current}`)?.scrollIntoView({ block: "nearest" });
  }, [current]);

  return (
    <>
      <input
        className={styles["paletteInput"]}
        role="combobox"
        aria-expanded="true"
        aria-controls="palette"
        aria-activedescendant={options.length > 0 ? `palette-${current}` : undefined}
        aria-label="Find a page or a run"
        placeholder="Find a page or a run"
        autoComplete="off"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setChosen(Math.min(current + 1, options.length - 1));
          else if (event.key === "ArrowUp") setChosen(Math.max(current - 1, 0));
          else if (event.key === "Enter") take(options[current]);
          else return;
          event.preventDefault();
        }}
      />
      <div id="palette" role="listbox" aria-label="Found" className={styles["palette"]}>
        {options.map((option, index) => (
          // The keyboard is the input's: it names the chosen option by its id.
          <div
            key={option.id}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === current}
            tabIndex={-1}
            onPointerMove={() => setChosen(index)}
            onClick={() => take(option)}
          >
            <Icon name={option.icon} />
            <span className="clip">{option.text}</span>
            <span className="grow" />
            <span className="muted clip">{option.detail}</span>
          </div>
        ))}
      </div>
      {options.length === 0 && <p className={styles["paletteNote"]}>Nothing has this name.</p>}
    </>
  );
}
