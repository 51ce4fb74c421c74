// A stand-in for your training: any program in any language will do. It is told its run folder in
// GAUNTLET_RUN_DIR; what it writes to out/ is kept, and each line of out/metrics.jsonl is a point.
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const out = join(process.env.GAUNTLET_RUN_DIR, "out");
const rate = Number(process.argv.find((argument) => argument.startsWith("--lr="))?.slice(5));

// Gradient descent on (x - 3)^2.
let x = 0;
for (let step = 0; step < 50; step++) {
  const loss = (x - 3) ** 2;
  appendFileSync(
    join(out, "metrics.jsonl"),
    `${JSON.stringify({ step, time: Date.now() / 1000, "train/loss": loss })}\n`,
  );
  x -= rate * 2 * (x - 3);
}
console.log(`x = ${x.toFixed(4)}`);
writeFileSync(join(out, "summary.json"), JSON.stringify({ x }));
