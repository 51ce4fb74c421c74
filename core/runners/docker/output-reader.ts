/** Docker's stream of a container's output as text without secrets. */
import { createRedactor } from "../../domain/redaction.ts";
import { createDemultiplexer, joinTexts } from "../../platform/docker/demultiplex.ts";

export type OutputReader = {
  /** Takes the stream's next piece. */
  read(piece: Buffer): void;
  /** Hands on what was held back, for it could have become a secret's value. */
  end(): void;
};

/** Hands on the text of both outputs to `write`, without the values of `secrets`. */
export function createOutputReader(
  secrets: readonly string[],
  write: (text: Buffer) => void,
): OutputReader {
  const next = createDemultiplexer();
  // Without secrets nothing is looked for, and all of a piece is written at once.
  if (secrets.length === 0)
    return { read: (piece) => write(joinTexts(next(piece))), end: () => undefined };
  // One for each output: what the other writes may stand between two pieces of a value.
  const redactors = {
    output: createRedactor(secrets, write),
    errors: createRedactor(secrets, write),
  };
  return {
    read(piece) {
      for (const { from, text } of next(piece)) redactors[from].write(text);
    },
    end() {
      redactors.output.end();
      redactors.errors.end();
    },
  };
}
