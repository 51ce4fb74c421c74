import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { type BasicType, fileWriter, parquetWriteRows } from "hyparquet-writer";
import { csvLine } from "../../../shared/csv.ts";
import { GauntletError } from "../../../shared/errors.ts";
import type { ExportFormat } from "../../../shared/views.ts";
import { isErrno } from "../../platform/errno.ts";

export type ExportColumn = { name: string; type: "number" | "integer" | "boolean" | "text" };
export type ExportRow = Readonly<Record<string, string | number | boolean | null>>;
/** Rows come as they are read, so that a table larger than memory can be written. */
export type ExportTable = {
  columns: readonly ExportColumn[];
  rows: AsyncIterable<ExportRow> | Iterable<ExportRow>;
};

/** Rows of a Parquet row group: one is encoded at a go, which must not hold up the loop. */
const rowGroupSize = 5000;
/** Characters that are gathered before they are written. */
const chunkLength = 1 << 16;

/**
 * Writes a table to a file, whole or not at all. Returns how many rows it has.
 * Throws EXPORT_FAILED and DISK_FULL.
 */
export async function writeTable(
  table: ExportTable,
  format: ExportFormat,
  file: string,
): Promise<number> {
  const unfinished = `${file}.${process.pid}.part`;
  let rows = 0;
  async function* counted() {
    for await (const row of table.rows) {
      rows += 1;
      yield row;
    }
  }
  try {
    await mkdir(dirname(file), { recursive: true });
    if (format === "parquet") await writeParquet(table.columns, counted(), unfinished);
    else {
      // A stream that opened it by itself could do so after it was removed below.
      const handle = await open(unfinished, "w");
      await pipeline(
        gathered(linesOf(table.columns, counted(), format)),
        handle.createWriteStream(),
      );
    }
    await rename(unfinished, file);
  } catch (cause) {
    // What went wrong first is what tells; there may be no such folder to remove it from.
    await rm(unfinished, { force: true }).catch(() => undefined);
    if (cause instanceof GauntletError) throw cause;
    if (isErrno(cause, "ENOSPC"))
      throw new GauntletError("DISK_FULL", `The disk of ${file} is full.`, { cause });
    if (isErrno(cause))
      throw new GauntletError("EXPORT_FAILED", `${file} cannot be written (${cause.code}).`, {
        cause,
      });
    throw cause;
  }
  return rows;
}

const parquetTypes: Record<ExportColumn["type"], BasicType> = {
  number: "DOUBLE",
  // Counts and times in ms pass 2^31, and INT64 would want every value as a BigInt.
  integer: "DOUBLE",
  boolean: "BOOLEAN",
  text: "STRING",
};

async function writeParquet(
  columns: readonly ExportColumn[],
  rows: AsyncIterable<ExportRow>,
  file: string,
): Promise<void> {
  await parquetWriteRows({
    writer: fileWriter(file),
    columns: columns.map(({ name, type }) => ({ name, type: parquetTypes[type], nullable: true })),
    rows,
    rowGroupSize,
    createdBy: "gauntlet",
  });
}

async function* linesOf(
  columns: readonly ExportColumn[],
  rows: AsyncIterable<ExportRow>,
  format: Exclude<ExportFormat, "parquet">,
): AsyncGenerator<string> {
  const names = columns.map(({ name }) => name);
  const pick = (row: ExportRow) =>
    JSON.stringify(Object.fromEntries(names.map((name) => [name, row[name] ?? null])));
  if (format === "csv") {
    yield csvLine(names);
    for await (const row of rows) yield csvLine(names.map((name) => row[name] ?? null));
    return;
  }
  if (format === "jsonl") {
    for await (const row of rows) yield `${pick(row)}\n`;
    return;
  }
  let before = "[\n";
  for await (const row of rows) {
    yield `${before}${pick(row)}`;
    before = ",\n";
  }
  yield before === "[\n" ? "[]\n" : "\n]\n";
}

/** Small pieces joined, so that each write is worth its while. */
async function* gathered(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let text = "";
  for await (const line of lines) {
    text += line;
    if (text.length < chunkLength) continue;
    yield text;
    text = "";
  }
  yield text;
}
