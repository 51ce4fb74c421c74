import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    include: ["{shared,core,cli,agent,electron,renderer,resources,tests}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "tests/fixtures/**"],
    globals: false,
    globalSetup: ["./tests/build-app.ts"],
    // Tests start processes, change signals and fill data folders: one process per file, and not
    // more of them than a small machine can feed.
    pool: "forks",
    maxWorkers: 2,
    // Nothing here is about speed: what takes long on a busy machine has not failed.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    // Of its own it gives up after a second.
    expect: { poll: { timeout: 20_000 } },
    sequence: { shuffle: true },
    reporters: ["default", "./tests/reporter.ts"],
  },
});
