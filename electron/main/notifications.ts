import { Notification } from "electron";
import type { EndedNote } from "../../shared/core-notes.ts";
import { visible } from "../../shared/visible.ts";

/** Title and text for runs that ended. Names and reasons are other people's text. */
export function describeEnded({ succeeded, failed, runs }: EndedNote): {
  title: string;
  body: string;
} {
  const [first] = runs;
  if (first && succeeded + failed === 1) {
    const reason = first.reason ? `: ${visible(first.reason)}` : "";
    return {
      title: `${visible(first.name)} ${first.state}`,
      body: `The run ${first.state}${reason}.`,
    };
  }
  const parts = [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(succeeded > 0 ? [`${succeeded} succeeded`] : []),
  ];
  const names = runs.map(({ name, state }) => `${visible(name)} ${state}`).join(", ");
  const more = succeeded + failed > runs.length ? ", …" : "";
  return {
    title: `${succeeded + failed} runs ended: ${parts.join(", ")}`,
    body: `${names}${more}`,
  };
}

/** Tells of runs that ended; a click shows them. */
export function notifyEnded(note: EndedNote, open: (path: string) => void): void {
  if (!Notification.isSupported()) return;
  const { title, body } = describeEnded(note);
  const notification = new Notification({ title, body, silent: note.failed === 0 });
  const [first] = note.runs;
  const path = first && note.runs.length === 1 ? `/runs/${first.id}` : "/runs";
  notification.on("click", () => open(path));
  notification.show();
}
