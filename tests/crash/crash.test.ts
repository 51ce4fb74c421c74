/**
 * Killing any process at any moment loses nothing that was reported and starts nothing twice.
 *
 *   npm run crash -- --rounds 200 --seed 7
 *
 * does more than the kills that `npm test` does, from another seed. A failure names its seed; the
 * same seed draws the same moments and victims, but what the system does between is its own.
 */
import { describe, expect, test } from "vitest";
import { uniformGenerator } from "../../core/domain/seed.ts";
import { sweepUnderFire, type Target } from "./fire.ts";
import { makeTemplate, makeWorld } from "./world.ts";

const rounds = Number(process.env["GAUNTLET_CRASH_ROUNDS"] ?? 50);
const seed = Number(process.env["GAUNTLET_CRASH_SEED"] ?? 1);

// Who runs is read from /proc.
describe.runIf(process.platform === "linux")("a sweep under fire", () => {
  test(
    `loses nothing and starts nothing twice in ${rounds} kills (seed ${seed})`,
    { timeout: 120_000 + rounds * 60_000 },
    async () => {
      const template = await makeTemplate();
      const total = new Map<Target, number>();
      let done = 0;
      for (let sweep = 0; done < rounds; sweep++) {
        const random = uniformGenerator(seed * 1000 + sweep);
        const report = await sweepUnderFire(
          makeWorld(template),
          random,
          rounds - done,
          sweep % 3 === 2 ? 1 : 0,
        );
        for (const [target, kills] of report.kills) {
          total.set(target, (total.get(target) ?? 0) + kills);
          done += kills;
        }
        if (process.env["GAUNTLET_CRASH_STORY"]) console.log(report.story.join("\n"));
        const where = `GAUNTLET_CRASH_SEED=${seed}, sweep ${sweep}\n${report.story.join("\n")}\n`;
        expect(report.wrong, where).toEqual([]);
        if (report.kills.size === 0) throw new Error("a sweep ended without a kill");
      }
      const kinds = [...total].map(([target, kills]) => `${kills} ${target}`);
      console.log(`${done} kills: ${kinds.join(", ")}`);
    },
  );
});
