import { create } from "zustand";

/** Something that a person did and may take back. Both ways may fail; what they throw is shown. */
export type Step = {
  /** What was done: `Starred 3 runs`. */
  text: string;
  undo(): Promise<unknown> | void;
  redo(): Promise<unknown> | void;
};

/** Older ones are forgotten. */
const mostSteps = 50;

type Undo = {
  done: readonly Step[];
  undone: readonly Step[];
  /** What is told now; `step` is what its button takes back, `error` what went wrong instead. */
  toast: { text: string; step: Step | null; error: unknown } | null;
  /** Notes what was done and tells it. */
  did(step: Step): void;
  /** Tells what could not be done. */
  failed(text: string, error: unknown): void;
  undoLast(): Promise<void>;
  redoLast(): Promise<void>;
  dismiss(): void;
};

export const useUndo = create<Undo>()((set, get) => ({
  done: [],
  undone: [],
  toast: null,
  did: (step) =>
    set(({ done }) => ({
      done: [...done, step].slice(-mostSteps),
      undone: [],
      toast: { text: step.text, step, error: null },
    })),
  failed: (text, error) => set({ toast: { text, step: null, error } }),
  async undoLast() {
    const step = get().done.at(-1);
    if (!step) return;
    try {
      await step.undo();
      set(({ done, undone }) => ({
        done: done.filter((each) => each !== step),
        undone: [...undone, step],
        toast: { text: `Taken back: ${step.text}`, step: null, error: null },
      }));
    } catch (error) {
      get().failed(`Not taken back: ${step.text}`, error);
    }
  },
  async redoLast() {
    const step = get().undone.at(-1);
    if (!step) return;
    try {
      await step.redo();
      set(({ done, undone }) => ({
        done: [...done, step],
        undone: undone.filter((each) => each !== step),
        toast: { text: step.text, step, error: null },
      }));
    } catch (error) {
      get().failed(`Not done again: ${step.text}`, error);
    }
  },
  dismiss: () => set({ toast: null }),
}));
