import { useState } from "react";
import type { AttackView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { useKeys } from "../../state/keys.ts";
import { State } from "../../ui/state.tsx";
import { type Column, SelectBox, Table } from "../../ui/table.tsx";
import { When } from "../../ui/when.tsx";
import { NewSet } from "./new-set.tsx";

/** All attacks; those that are selected make a set, in the order in which they were. */
export function AttackList({
  attacks,
  onSaved,
}: {
  attacks: readonly AttackView[];
  onSaved(): void;
}) {
  const [selected, setSelected] = useState<readonly string[]>([]);
  const toggle = ({ label }: AttackView) =>
    setSelected(
      selected.includes(label) ? selected.filter((other) => other !== label) : [...selected, label],
    );
  useKeys({ Escape: () => setSelected([]) });
  return (
    <>
      <Table<AttackView>
        label="Attacks"
        columns={columnsOf(selected, toggle)}
        count={attacks.length}
        rowAt={(index) => attacks[index]}
        isSelected={({ label }) => selected.includes(label)}
        onSelect={toggle}
        onOpen={toggle}
      />
      {selected.length > 0 ? (
        <NewSet attacks={selected} onSaved={onSaved} onClear={() => setSelected([])} />
      ) : (
        <p className="caption">
          Select attacks with <kbd>X</kbd> or a click to make a set of them. A result names an
          attack with its version; a set never changes.
        </p>
      )}
    </>
  );
}

function columnsOf(
  selected: readonly string[],
  toggle: (attack: AttackView) => void,
): Column<AttackView>[] {
  return [
    {
      id: "select",
      title: "",
      label: "Selected",
      width: 34,
      pinned: true,
      cell: (attack) => (
        <SelectBox
          checked={selected.includes(attack.label)}
          label={`Select ${visible(attack.label)}`}
          onToggle={() => toggle(attack)}
        />
      ),
    },
    {
      id: "name",
      title: "Attack",
      width: 150,
      pinned: true,
      cell: ({ definition }) => <span className="medium clip">{visible(definition.name)}</span>,
    },
    {
      id: "version",
      title: "Version",
      width: 80,
      cell: ({ definition }) => <span className="mono clip">{visible(definition.version)}</span>,
    },
    { id: "norm", title: "Norm", width: 60, cell: ({ definition }) => definition.norm },
    { id: "access", title: "Access", width: 120, cell: ({ definition }) => definition.access },
    {
      id: "minimal",
      title: "Finds",
      width: 160,
      cell: ({ definition }) => (definition.minimal ? "smallest perturbation" : "success at one ε"),
    },
    {
      id: "active",
      title: "Active set",
      width: 110,
      cell: ({ inActiveSet }) =>
        inActiveSet ? <State state="ok" text="in it" /> : <span className="subtle">–</span>,
    },
    {
      id: "aim",
      title: "Aim",
      width: 90,
      cell: ({ definition }) => (
        <span className="muted">{definition.targeted ? "targeted" : "untargeted"}</span>
      ),
    },
    {
      id: "created",
      title: "Added",
      width: 100,
      cell: ({ createdAt }) => (
        <span className="muted">
          <When time={createdAt} />
        </span>
      ),
    },
    {
      id: "description",
      title: "What it does",
      width: 460,
      cell: ({ definition }) => (
        <span className="muted clip" title={visible(definition.description ?? "")} dir="auto">
          {visible(definition.description ?? "")}
        </span>
      ),
    },
  ];
}
