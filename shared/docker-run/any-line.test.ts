import { expect, test } from "vitest";
import { wholeNumbers } from "../../tests/support/random-numbers.ts";
import { parse } from "yaml";
import { parseExperiment } from "../experiment-file.ts";
import { importDockerRun } from "./translate.ts";

const characters = "'\"\\\n\t $`()|;&><#*?[]{}~=:,-%@!é😀\u00a0\u2028\u202e\ufeff";
const words = `docker run|nvidia-docker run|NV_GPU=1|-it|--rm|-e A=b|-e|-v|/a:/b|$PWD:/w|-w /w|--gpus|all
'"device=0,1"'|--name x|lab/vq:3|python|{x}|--|--mount|type=bind,src=a,dst=/b|--memory 1g|--cpus 2
--env-file x|--restart on-failure:99|--entrypoint|/out|-v o:/out|null|1e3`;
const pieces = [...Array.from(characters), ...words.split(/[|\n]/).map((word) => `${word} `)];

/** The file of a line; null where the line is refused. */
function fileOf(line: string): string | null {
  try {
    return importDockerRun(line).yaml;
  } catch (error) {
    expect(error, line).toMatchObject({ code: "IMPORT_INVALID" });
    return null;
  }
}

test("any line becomes a valid file or is refused: 5,000 lines of pieces", () => {
  const next = wholeNumbers(7);
  let valid = 0;
  for (let round = 0; round < 5000; round++) {
    let line = next(4) > 0 ? "docker run " : "";
    for (let left = next(14); left > 0; left--) line += pieces[next(pieces.length)] ?? "";
    if (next(2) > 0) line += " lab/vq:3 python {a} 'b c'";
    const yaml = fileOf(line);
    if (yaml === null) continue;
    const known: unknown = parse(yaml);
    const read = parseExperiment(JSON.stringify(known), "gauntlet.yaml");
    expect(read.ok ? [] : read.problems, line).toEqual([]);
    valid += 1;
  }
  expect(valid).toBeGreaterThan(500);
});
