/**
 * Packs one dataset as a process of its own, started by run-packer.ts: whatever a file does to a
 * decoder, the core lives on. Ends when the core does.
 */
import { GauntletError } from "../../../shared/errors.ts";
import { packSource } from "./pack.ts";
import { readSource } from "./recognise.ts";
import type { PackAnswer, PackRequest } from "./run-packer.ts";
import { translatingFileErrors } from "../../storage/file-errors.ts";

async function pack({ path, folder, size, ...options }: PackRequest): Promise<PackAnswer> {
  try {
    const source = await readSource(path, { size });
    return {
      kind: "packed",
      packed: await translatingFileErrors(folder, () => packSource(source, folder, options, tell)),
    };
  } catch (error) {
    if (error instanceof GauntletError) return { kind: "refused", error: error.toData() };
    const fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: "fault", fault };
  }
}

/** Least time between two words on progress, ms. */
const quiet = 200;
let told = 0;

function tell(done: number, total: number): void {
  if (performance.now() - told < quiet) return;
  told = performance.now();
  process.send?.({ kind: "progress", done, total } satisfies PackAnswer);
}

process.on("disconnect", () => process.exit());
process.once("message", (message) => {
  void pack(message as PackRequest).then((answer) =>
    process.send?.(answer, () => process.disconnect()),
  );
});
