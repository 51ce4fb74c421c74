/**
 * Trains the network on split train of in/dataset, or goes on from in/resume/, and leaves
 * metrics, checkpoint, model and summary in out/. Options: see parseSettings.
 *
 *   GAUNTLET_RUN_DIR=... node train.ts --loss=margin --training=adversarial
 */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { saveModel } from "./model.ts";
import { environmentFolder, readDigits, readJob, runProgram, UserError } from "./run-folder.ts";
import { checkpointLengths, trainNetwork, type TrainingSettings } from "./training.ts";

/** Trains as the job in `runFolder` says. */
export async function train(runFolder: string, settings: TrainingSettings): Promise<void> {
  const { cpus } = readJob(runFolder);
  const digits = readDigits(runFolder, "train");
  const out = join(runFolder, "out");
  mkdirSync(out, { recursive: true });
  let newest = readCheckpoint(runFolder, checkpointLengths(settings));
  if (newest) console.log(`going on after epoch ${newest.epoch}`);

  let started = performance.now();
  for await (const progress of trainNetwork(digits, settings, cpus, newest)) {
    const { step, epoch, loss, accuracy, learningRate, checkpoint } = progress;
    const metrics = {
      step,
      time: Date.now() / 1000,
      epoch,
      "train/loss": loss,
      "train/accuracy": accuracy,
      "train/learning_rate": learningRate,
    };
    appendFileSync(join(out, "metrics.jsonl"), `${JSON.stringify(metrics)}\n`);
    if (!checkpoint) continue;

    writeCheckpoint(runFolder, checkpoint);
    newest = checkpoint;
    const summary = { loss, accuracy, epochs: epoch };
    writeFileSync(join(out, "summary.json"), `${JSON.stringify(summary)}\n`);
    const now = performance.now();
    console.log(
      `epoch ${epoch}/${settings.epochs}`,
      ` loss ${loss.toFixed(4)}`,
      ` accuracy ${(100 * accuracy).toFixed(1)} %`,
      progress.perturbed ? "on perturbed digits" : "on clean digits",
      ` ${((now - started) / 1000).toFixed(1)} s`,
    );
    started = now;
  }
  if (newest) saveModel(join(out, "model"), newest.parameters);
}

/** Reads the command line. @throws UserError that names the option and what it takes. */
export function parseSettings(args: string[]): TrainingSettings {
  const { values } = parseArgs({
    args,
    options: {
      lr: { type: "string", default: "0.005" },
      loss: { type: "string", default: "cross-entropy" },
      optimiser: { type: "string", default: "adam" },
      training: { type: "string", default: "standard" },
      epsilon: { type: "string", default: "1.5" },
      epochs: { type: "string", default: "4" },
      seed: { type: "string", default: "0" },
    },
  });
  const positive = (name: "lr" | "epsilon") => {
    const value = Number(values[name]);
    if (Number.isFinite(value) && value > 0) return value;
    throw new UserError(`--${name} must be a number above 0, not "${values[name]}".`);
  };
  const whole = (name: "epochs" | "seed", least: number) => {
    const value = Number(values[name]);
    if (values[name].trim() !== "" && Number.isSafeInteger(value) && value >= least) return value;
    throw new UserError(`--${name} must be a whole number from ${least}, not "${values[name]}".`);
  };
  const choice = <T extends string>(name: "loss" | "optimiser" | "training", all: readonly T[]) => {
    const value = all.find((item) => item === values[name]);
    if (value !== undefined) return value;
    throw new UserError(`--${name} must be one of ${all.join(", ")}, not "${values[name]}".`);
  };
  return {
    learningRate: positive("lr"),
    loss: choice("loss", ["cross-entropy", "margin"]),
    optimiser: choice("optimiser", ["adam", "sgd"]),
    adversarial: choice("training", ["standard", "adversarial"]) === "adversarial",
    epsilon: positive("epsilon"),
    epochs: whole("epochs", 1),
    seed: whole("seed", 0),
  };
}

if (import.meta.main)
  await runProgram(async () => {
    const settings = parseSettings(process.argv.slice(2));
    await train(environmentFolder("GAUNTLET_RUN_DIR", "the run folder"), settings);
  });
