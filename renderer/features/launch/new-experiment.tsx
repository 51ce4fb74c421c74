import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { TemplateName } from "../../../shared/schemas/template.ts";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { DialogField, FormDialog } from "../../ui/dialog.tsx";
import { FolderInput } from "../../ui/folder-input.tsx";
import { ErrorNotice } from "../../ui/notices.tsx";
import { Select } from "../../ui/select.tsx";

const templates: readonly { value: TemplateName; text: string; about: string }[] = [
  {
    value: "pytorch",
    text: "PyTorch image classifier",
    about: "Trains on any image dataset: as it is, on PGD perturbations, or with TRADES.",
  },
  {
    value: "digits",
    text: "Digits in TypeScript",
    about: "A small network on 10,000 digits, needs neither Python nor a GPU.",
  },
  {
    value: "script",
    text: "Any program",
    about: "A program of your own that reads parameters and writes metrics.",
  },
];

/** A button that makes an experiment's folder from a template. */
export function NewExperiment({ onMade }: { onMade(folder: string): void }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button icon="plus" onClick={() => setOpen(true)}>
        New experiment…
      </Button>
      {isOpen && <Form onClose={() => setOpen(false)} onMade={onMade} />}
    </>
  );
}

function Form({ onClose, onMade }: { onClose(): void; onMade(folder: string): void }) {
  const [template, setTemplate] = useState<TemplateName>("pytorch");
  const [folder, setFolder] = useState("");
  const make = useMutation(
    core.experiments.make.mutationOptions({
      onSuccess: (made) => {
        onClose();
        onMade(made.folder);
      },
    }),
  );
  const isReady = folder.trim() !== "" && !make.isPending;
  return (
    <FormDialog
      title="New experiment"
      onClose={onClose}
      onSubmit={() => isReady && make.mutate({ template, folder: folder.trim() })}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" disabled={!isReady}>
            Make experiment
          </Button>
        </>
      }
    >
      <DialogField
        label="Template"
        about={templates.find(({ value }) => value === template)?.about}
      >
        <Select
          value={template}
          options={templates}
          onChange={(value) =>
            setTemplate(templates.find((each) => each.value === value)?.value ?? template)
          }
        />
      </DialogField>
      <DialogField
        label="Folder"
        about="Made where it is not there; nothing in it is overwritten. Its files are yours to edit."
      >
        <FolderInput placeholder="~/my-experiment" value={folder} onValue={setFolder} />
      </DialogField>
      {make.error && <ErrorNotice error={make.error} />}
    </FormDialog>
  );
}
