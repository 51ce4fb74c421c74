import { configDefaults, defineConfig } from "vitest/config";

/**
 * Tests that start containers. Each container is another network interface for a moment, and a
 * browser breaks off what it is loading when these change: so the others come first.
 */
const withContainers = [
  "tests/contract/docker-runner.test.ts",
  "tests/integration/docker-{build,faults,leaks,outage,pull}.test.ts",
  "tests/integration/{challenge,docker,pytorch-kit,secrets}.test.ts",
];

export default defineConfig({
  test: {
    environment: "node",
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
    projects: [
      {
        extends: true,
        test: {
          name: "tests",
          include: ["{shared,core,cli,agent,electron,renderer,resources,tests}/**/*.test.ts"],
          exclude: [...configDefaults.exclude, "tests/fixtures/**", ...withContainers],
          sequence: { shuffle: true, groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "containers",
          include: withContainers,
          sequence: { shuffle: true, groupOrder: 1 },
        },
      },
    ],
  },
});
