import { createProcessRunner } from "../../core/runners/process/runner.ts";
import { runnerContract } from "./runner-suite.ts";

runnerContract("process", () => createProcessRunner());
