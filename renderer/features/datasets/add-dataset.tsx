import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { AddedDataset } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { DialogField, FormDialog } from "../../ui/dialog.tsx";
import { FolderInput } from "../../ui/folder-input.tsx";
import { Input } from "../../ui/input.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";
import { AddProgress, forgetFailures } from "./adding.tsx";
import { readShare, readSize } from "./options.ts";

/** The form that takes a dataset into the data folder. Hidden, it goes on: adding.tsx shows how far. */
export function AddDataset({
  onClose,
  onAdded,
}: {
  onClose(): void;
  onAdded(dataset: AddedDataset): void;
}) {
  const [folder, setFolder] = useState("");
  const [name, setName] = useState("");
  const [size, setSize] = useState("");
  const [share, setShare] = useState("");
  const queries = useQueryClient();
  const add = useMutation(
    core.datasets.add.mutationOptions({
      onSuccess: async (added) => {
        await queries.invalidateQueries({ queryKey: core.datasets.list.key() });
        onAdded(added);
      },
    }),
  );
  const path = folder.trim();
  const sides = readSize(size);
  const testShare = readShare(share);
  const isReady = path !== "" && sides !== undefined && testShare !== undefined && !add.isPending;
  const submit = () => {
    if (!isReady) return;
    forgetFailures(queries);
    add.mutate(
      { folder: path, name: name.trim() || null, size: sides, testShare },
      // Of a form that was hidden it is not asked: another may be open by then.
      { onSuccess: onClose },
    );
  };
  return (
    <FormDialog
      title="Add dataset"
      onClose={onClose}
      onSubmit={submit}
      actions={
        <>
          {add.isPending && <AddProgress folder={path} />}
          <Button onClick={onClose}>{add.isPending ? "Hide" : "Cancel"}</Button>
          <Button type="submit" kind="primary" disabled={!isReady}>
            {add.isPending ? "Adding" : "Add dataset"}
          </Button>
        </>
      }
    >
      <DialogField
        label="Folder or file"
        about="Folders of images by class, Tiny ImageNet, CIFAR, IDX (MNIST), .npy or .npz, images with labels.yml."
      >
        <FolderInput placeholder="~/tiny-imagenet-200" value={folder} onValue={setFolder} />
      </DialogField>
      <DialogField label="Name" about="Without one: that of the folder or file.">
        <Input value={name} maxLength={100} onChange={({ target }) => setName(target.value)} />
      </DialogField>
      <DialogField
        label="Size"
        about="Height and width that all images are brought to, such as 64x64; without it they stay."
        problem={sides === undefined ? "Write two numbers of pixels, such as 64x64." : null}
      >
        <Input value={size} onChange={({ target }) => setSize(target.value)} />
      </DialogField>
      <DialogField
        label="Share to test on"
        about="Where the dataset has no test split of its own; 0.2 without one."
        problem={testShare === undefined ? "Write a number between 0 and 1, such as 0.2." : null}
      >
        <Input
          inputMode="decimal"
          value={share}
          onChange={({ target }) => setShare(target.value)}
        />
      </DialogField>
      {add.error && <ErrorNotice error={add.error} />}
    </FormDialog>
  );
}

/** What was added: as what it was read, and what was decided. */
export function AddedNote({ dataset }: { dataset: AddedDataset }) {
  return (
    <p className="caption" role="status">
      Added {visible(dataset.name)}, read as {visible(dataset.format)}.{" "}
      {dataset.notes.map(visible).join(" ")}
    </p>
  );
}
