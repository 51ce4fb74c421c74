import { type FormEvent, useState } from "react";
import type { Shell } from "../../../shared/shell.ts";
import { visible } from "../../../shared/visible.ts";
import { usePreferences } from "../../state/preferences.ts";
import { shell } from "../../state/shell.ts";
import { Button } from "../../ui/button.tsx";
import { Input } from "../../ui/input.tsx";
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
  const choose = async ({ chooseFolder }: Shell) => {
    const chosen = await chooseFolder();
    if (chosen === null) return;
    setText(chosen);
    onFolder(chosen);
  };
  const isSame = text.trim() === folder && folder !== "";
  return (
    <form className={styles["folder"]} onSubmit={submit}>
      <label htmlFor="folder" className="muted">
        Folder with gauntlet.yaml
      </label>
      <Input
        id="folder"
        className="mono"
        placeholder="/home/me/my-experiment"
        list="folders"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <datalist id="folders">
        {folders.map((known) => (
          <option key={known} value={known}>
            {visible(known)}
          </option>
        ))}
      </datalist>
      {shell && (
        <Button
          onClick={() => {
            if (shell) void choose(shell);
          }}
        >
          Choose…
        </Button>
      )}
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
