/** Any program in any language is a job: no SDK, no change. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasProgram } from "../parts.ts";
import { folderWith, logOf, openTestCore, runToEnd } from "../support/core.ts";

const shellScript = `#!/bin/sh
set -e
echo "training with rate $1"
i=0
while [ $i -lt 3 ]; do
  echo "step $i"
  i=$((i + 1))
done
echo "weights" > weights.txt
mkdir -p results
echo done > results/final.txt
`;

const pythonScript = `import sys
rate = float(sys.argv[1])
x = 0.0
for step in range(5):
    x -= rate * 2 * (x - 3)
    print("step", step, "x", x)
with open("x.txt", "w") as file:
    file.write(str(x))
print("finished", file=sys.stderr)
`;

function spec(command: string): string {
  return `name: unmodified
parameters:
  rate: { type: float, default: 0.1 }
train:
  command: [${command}, "{rate}"]
`;
}

describe("an unmodified script with a five-line gauntlet.yaml", () => {
  test("in shell: its output is the log, its files are kept", async () => {
    const { client, data } = await openTestCore();
    const folder = folderWith({ "gauntlet.yaml": spec("sh, train.sh"), "train.sh": shellScript });
    const run = await runToEnd(client, folder);
    expect(run).toMatchObject({ state: "succeeded", parameters: { rate: 0.1 }, seed: 0 });
    expect(await logOf(client, run.name)).toBe("training with rate 0.1\nstep 0\nstep 1\nstep 2\n");
    const files = Object.fromEntries(run.attempts[0]?.files.map((f) => [f.path, f.sha256]) ?? []);
    expect(Object.keys(files)).toEqual(["code/results/final.txt", "code/weights.txt", "log"]);
    const sha256 = files["code/weights.txt"] ?? "";
    const stored = join(data, "artifacts", sha256.slice(0, 2), sha256);
    expect(readFileSync(stored, "utf8")).toBe("weights\n");
  });

  test.skipIf(!hasProgram("python3"))("in Python [python3]: both streams are logged", async () => {
    const { client } = await openTestCore();
    const folder = folderWith({
      "gauntlet.yaml": spec("python3, -u, train.py"),
      "train.py": pythonScript,
    });
    const run = await runToEnd(client, folder);
    expect(run.state).toBe("succeeded");
    const log = await logOf(client, run.id);
    expect(log).toContain("step 4 x 2.0");
    expect(log).toContain("finished");
    expect(run.attempts[0]?.environment).toMatchObject({
      runtime: expect.stringMatching(/^Python 3/),
      host: { cpus: expect.any(Number), memory: expect.any(Number) },
    });
  });
});

test("the original folder is left as it was", async () => {
  const { client } = await openTestCore();
  const folder = folderWith({
    "gauntlet.yaml": `name: tidy\ntrain: { command: [node, train.mjs] }\n`,
    "train.mjs": `import { writeFileSync } from "node:fs"; writeFileSync("train.mjs", "changed");`,
  });
  const run = await runToEnd(client, folder);
  expect(readFileSync(join(folder, "train.mjs"), "utf8")).toContain("writeFileSync");
  expect(run.attempts[0]?.files.map(({ path }) => path)).toEqual(["code/train.mjs", "log"]);
});
