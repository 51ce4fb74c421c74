import type { ComponentProps } from "react";
import { shell } from "../state/shell.ts";
import { Button } from "./button.tsx";
import { Input } from "./input.tsx";

/** A path on the core's machine: typed, or in the desktop window chosen in the system's own dialog. */
export function FolderInput({
  value,
  onValue,
  ...rest
}: Omit<ComponentProps<typeof Input>, "value" | "onChange" | "className"> & {
  value: string;
  /** `isChosen`: picked in the dialog, not half-typed. */
  onValue(folder: string, isChosen: boolean): void;
}) {
  const own = shell;
  const choose = async () => {
    const chosen = await own?.chooseFolder();
    if (chosen) onValue(chosen, true);
  };
  return (
    <span className="row grow">
      <Input
        className="mono grow"
        spellCheck={false}
        value={value}
        onChange={({ target }) => onValue(target.value, false)}
        {...rest}
      />
      {own && <Button onClick={() => void choose()}>Choose…</Button>}
    </span>
  );
}
