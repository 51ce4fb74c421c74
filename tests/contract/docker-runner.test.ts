import { describe } from "vitest";
import { installationFolder } from "../../core/platform/installation.ts";
import { createDockerRunner } from "../../core/runners/docker/runner.ts";
import { hasProgram } from "../parts.ts";
import { runnerContract } from "./runner-suite.ts";

describe.skipIf(!hasProgram("docker with node"))("[docker with node]", () => {
  runnerContract(
    "docker",
    () =>
      createDockerRunner({
        installation: installationFolder,
        owner: "test",
        secrets: { get: async () => null },
      }),
    {
      outlivesWrapper: false,
    },
  );
});
