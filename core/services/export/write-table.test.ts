import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { exportFormatSchema } from "../../../shared/views.ts";
import { type ExportRow, type ExportTable, writeTable } from "./write-table.ts";

const columns = [
  { name: "name", type: "text" },
  { name: "score", type: "number" },
  { name: "samples", type: "integer" },
  { name: "ranked", type: "boolean" },
] as const;
const rows: ExportRow[] = [
  { name: 'quoted "x", and\nmore', score: 0.1 + 0.2, samples: 2 ** 40, ranked: true },
  { name: "", score: null, samples: 0, ranked: false },
  { name: null, score: -1e-300, samples: null, ranked: null },
  { name: "=HYPERLINK(1)\u202e", score: 5e-324, samples: 7, ranked: true },
];
const table: ExportTable = { columns, rows };

async function written(format: "csv" | "json" | "jsonl", source = table): Promise<string> {
  const file = join(temporaryFolder(), "sub", `table.${format}`);
  await writeTable(source, format, file);
  return readFileSync(file, "utf8");
}

describe("a table as a file", () => {
  test("CSV is RFC 4180, numbers to the last digit, and tells empty from missing", async () => {
    expect(await written("csv")).toBe(
      [
        "name,score,samples,ranked",
        '"quoted ""x"", and\nmore",0.30000000000000004,1099511627776,true',
        '"",,0,false',
        ",-1e-300,,",
        "=HYPERLINK(1)\u202e,5e-324,7,true",
        "",
      ].join("\r\n"),
    );
  });

  test("JSON and JSON lines", async () => {
    expect(JSON.parse(await written("json"))).toEqual(rows);
    const lines = (await written("jsonl")).trimEnd().split("\n");
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual(rows);
  });

  test("Parquet reads back the same, over several row groups", async () => {
    const file = join(temporaryFolder(), "table.parquet");
    const many = Array.from({ length: 12_345 }, (_, i): ExportRow => ({
      ...rows[i % rows.length],
      samples: i,
    }));
    expect(await writeTable({ columns, rows: many }, "parquet", file)).toBe(12_345);
    const read = await parquetReadObjects({ file: await asyncBufferFromFile(file) });
    expect(read).toEqual(many);
  });

  test("no rows are a file all the same", async () => {
    const empty = { columns, rows: [] };
    expect(await written("csv", empty)).toBe("name,score,samples,ranked\r\n");
    expect(await written("json", empty)).toBe("[]\n");
    expect(await written("jsonl", empty)).toBe("");
    const file = join(temporaryFolder(), "table.parquet");
    expect(await writeTable(empty, "parquet", file)).toBe(0);
    expect(await parquetReadObjects({ file: await asyncBufferFromFile(file) })).toEqual([]);
  });

  test.each(exportFormatSchema.options)(
    "%s: what breaks off leaves the old file",
    async (format) => {
      const folder = temporaryFolder();
      const file = join(folder, "table");
      writeFileSync(file, "old");
      const breaking = {
        columns,
        *rows() {
          yield rows[0] ?? {};
          throw new Error("the reader broke off");
        },
      };
      const writing = writeTable({ columns, rows: breaking.rows() }, format, file);
      await expect(writing).rejects.toThrow("the reader broke off");
      expect(readFileSync(file, "utf8")).toBe("old");
      expect(readdirSync(folder)).toEqual(["table"]);
    },
  );

  test.each(exportFormatSchema.options)("%s: a place that cannot be written", async (format) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    const inside = writeTable(table, format, join(folder, "file", "table"));
    await expect(inside).rejects.toMatchObject({ code: "EXPORT_FAILED" });
    mkdirSync(join(folder, "taken"));
    const onFolder = writeTable(table, format, join(folder, "taken"));
    await expect(onFolder).rejects.toMatchObject({ code: "EXPORT_FAILED" });
    expect(existsSync(join(folder, "taken"))).toBe(true);
  });
});
