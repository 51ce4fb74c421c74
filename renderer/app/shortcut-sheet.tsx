import { modifierName } from "../state/keys.ts";
import { Dialog } from "../ui/dialog.tsx";
import { navigation } from "./navigation.ts";
import styles from "./shell.module.css";

/** Every key of the app by where it works. A page's own keys are added here. */
const sections: { title: string; keys: [keys: string, does: string][] }[] = [
  {
    title: "Everywhere",
    keys: [
      [`${modifierName} K`, "find a page or a run"],
      ["?", "this sheet"],
      ["Alt M", "light or dark"],
      [`${modifierName} ,`, "settings"],
      [`${modifierName} Z`, "undo"],
      [`${modifierName} Shift Z`, "redo"],
      ...navigation.map(({ key, title }): [string, string] => [
        `G ${key.toUpperCase()}`,
        title.toLowerCase(),
      ]),
      ["Esc", "close what is on top"],
    ],
  },
  {
    title: "Tables",
    keys: [
      ["J K ↑ ↓", "move"],
      ["Page Up, Page Down", "move by a page"],
      ["Home, End", "first, last"],
      ["X or Space", "select"],
      ["Enter", "open"],
    ],
  },
  {
    title: "Heads of columns",
    keys: [
      ["Enter", "sort"],
      ["Shift ← →", "move"],
      ["+ −", "wider, narrower"],
      ["P", "keep in view"],
      ["Delete", "take away"],
    ],
  },
  {
    title: "Models",
    keys: [["/", "find"]],
  },
  {
    title: "Runs",
    keys: [
      ["/", "query"],
      ["A", "select all that match"],
      ["Tab", "complete the word"],
      ["C", "compare the selected runs"],
      ["Esc", "clear the selection"],
    ],
  },
  {
    title: "Cells of a sweep",
    keys: [
      ["← → ↑ ↓", "move"],
      ["Enter", "open the cell's run"],
    ],
  },
  {
    title: "Charts",
    keys: [
      ["drag", "zoom in"],
      ["double click", "whole range"],
      ["+ −", "zoom, in a chart that has the focus"],
      ["← →", "move"],
      ["0", "whole range"],
      [`${modifierName} wheel, Shift wheel`, "zoom, move"],
    ],
  },
  {
    title: "Log",
    keys: [
      ["/", "find"],
      ["Enter, Shift Enter", "next line that has it, the one before"],
      ["E", "first error"],
    ],
  },
];

export function ShortcutSheet({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Dialog open={open} onClose={onClose} title="Keys" wide>
      <div className={styles["keys"]}>
        {sections.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([name, does]) => (
                <div key={name}>
                  <dt>{does}</dt>
                  <dd>
                    <kbd>{name}</kbd>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
