/** The variables that a docker run line gives its container. */
import { excerpt } from "../visible.ts";
import type { Note } from "./flags.ts";
import type { DockerRun } from "./parse.ts";
import { isSecret } from "./secrets.ts";

/** Gauntlet sets these itself for each job. */
const givenToJobs = ["NVIDIA_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL"];

/** `env` of gauntlet.yaml, and what is not in it. No secret's value is in either. */
export function environmentOf(run: DockerRun): { env: Map<string, string>; notes: Note[] } {
  const env = new Map<string, string>();
  const notes: Note[] = [];
  for (const { name: option, given, value } of run.options) {
    if (option === "env-file")
      notes.push({
        level: "dropped",
        about: `${given} ${excerpt(value.text)}`,
        text: "The file is not read, for such files hold secrets: put what is none under env.",
      });
    if (option !== "env") continue;
    const equals = value.text.indexOf("=");
    const name = equals === -1 ? value.text : value.text.slice(0, equals);
    const content = equals === -1 ? "" : value.text.slice(equals + 1);
    const about = `${given} ${excerpt(name)}`;
    if (isSecret(name, content)) {
      env.delete(name);
      notes.push({
        level: "unsafe",
        about,
        text:
          "It looks like a secret, so its value is not written: gauntlet.yaml is kept with each run, for all " +
          "who read it. Keep it with gauntlet secrets set NAME, and put { NAME: {} } under secrets.",
      });
    } else if (givenToJobs.includes(name)) continue;
    else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      notes.push({ level: "dropped", about, text: "It is no name of a variable." });
    else if (equals === -1)
      notes.push({
        level: "dropped",
        about,
        text: "Its value is that of the shell the line is typed in: write it under env.",
      });
    else if (value.unfilled.length > 0)
      notes.push({
        level: "dropped",
        about,
        text: `A shell fills in ${value.unfilled.map((piece) => `\`${excerpt(piece)}\``).join(", ")}: write the value under env.`,
      });
    else env.set(name, content);
  }
  for (const name of run.variables.keys())
    if (name !== "NV_GPU")
      notes.push({
        level: "dropped",
        about: excerpt(name),
        text: "It is set for docker itself, which Gauntlet starts in its own way.",
      });
  return { env, notes };
}
