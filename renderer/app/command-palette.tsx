import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useFoundRuns } from "../features/runs/find-runs.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Finder, type Found } from "../ui/finder.tsx";
import { navigation } from "./navigation.ts";

type Option = Found & { open(): void };

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
  const wanted = text.trim().toLowerCase();
  const runs = useFoundRuns(text, 8);
  const options: Option[] = [
    ...navigation
      .filter(({ title }) => title.toLowerCase().includes(wanted))
      .map(({ to, title, icon, key }) => ({
        id: to,
        icon,
        text: title,
        detail: `G ${key.toUpperCase()}`,
        open: () => void navigate({ to }),
      })),
    ...runs.map((run) => ({
      ...run,
      open: () => void navigate({ to: "/runs/$run", params: { run: run.id } }),
    })),
  ];
  return (
    <Finder
      label="Find a page or a run"
      text={text}
      onText={setText}
      options={options}
      onTake={(option) => {
        onClose();
        option.open();
      }}
    />
  );
}
