import { type FormEvent, useState } from "react";
import { visible } from "../../../shared/visible.ts";
import { usePreferences } from "../../state/preferences.ts";
import { Button } from "../../ui/button.tsx";
import { FolderInput } from "../../ui/folder-input.tsx";
import styles from "./page.module.css";

/** Asks for an experiment's folder: a browser, unlike the desktop window, cannot look at the disk. */
export function FolderForm({
  folder,
  isReading,
  onFolder,
}: {
  folder: string;
  isReading: boolean;
  /** Called with the same folder too, to read it again. */
  onFolder(folder: string): void;
}) {
  const [text, setText] = useState(folder);
  const folders = usePreferences((preferences) => preferences.folders);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== "") onFolder(text.trim());
  };
  const isSame = text.trim() === folder && folder !== "";
  return (
    <form className={styles["folder"]} onSubmit={submit}>
      <label htmlFor="folder" className="muted">
        Folder with gauntlet.yaml
      </label>
      <FolderInput
        id="folder"
        placeholder="/home/me/my-experiment"
        list="folders"
        value={text}
        onValue={(next, isChosen) => {
          setText(next);
          if (isChosen) onFolder(next);
        }}
      />
      <datalist id="folders">
        {folders.map((known) => (
          <option key={known} value={known}>
            {visible(known)}
          </option>
        ))}
      </datalist>
      <Button
        type="submit"
        kind={folder === "" ? "primary" : "plain"}
        icon={isSame ? "rerun" : undefined}
        disabled={text.trim() === "" || isReading}
      >
        {isSame ? "Read again" : "Read folder"}
      </Button>
    </form>
  );
}
