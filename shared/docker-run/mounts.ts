/** What docker run mounts, and what of it a job has by itself. */
import type { DockerOption } from "./parse.ts";

export type Mount = {
  /** As it was given, such as `-v $PWD:/work`. */
  shown: string;
  /** The folder or volume outside; null for one without a name. */
  source: string | null;
  /** Absolute path in the container. */
  target: string;
  readOnly: boolean;
  /** True for a path of the machine, false for a named volume. */
  isPath: boolean;
};

/**
 * What a mount is for. `code`: the folder that the line is typed in; `outputs`: what the program
 * leaves; `data`: what it reads; `engine`: the socket of the container engine; `system`: files of
 * this machine that no job should have; `cache`: what may be fetched anew.
 */
export type MountUse = "code" | "outputs" | "data" | "engine" | "system" | "cache" | "other";

/** Reads the value of `-v` or `--mount`; null for what names no path in the container. */
export function readMount({ name, given, value }: DockerOption): Mount | null {
  const shown = `${given} ${value.text}`;
  return name === "mount" ? readLong(value.text, shown) : readShort(value.text, shown);
}

/** `SOURCE:TARGET[:OPTIONS]` or `TARGET`; a source may begin with a drive letter. */
function readShort(text: string, shown: string): Mount | null {
  const [drive = ""] = /^[A-Za-z]:(?=[\\/])/.exec(text) ?? [];
  const parts = outsideBraces(text.slice(drive.length));
  const source = parts.length > 1 ? `${drive}${parts[0] ?? ""}` : null;
  const target = parts.length > 1 ? parts[1] : parts[0];
  if (!target?.startsWith("/")) return null;
  const readOnly = (parts[2] ?? "").split(",").includes("ro");
  return { shown, source, target: tidy(target), readOnly, isPath: isPath(source) };
}

/** `type=bind,source=...,target=...,readonly`; keys as Docker spells them, in any order. */
function readLong(text: string, shown: string): Mount | null {
  const fields = new Map<string, string>();
  for (const field of text.split(",")) {
    const [key = "", ...rest] = field.split("=");
    fields.set(key.trim().toLowerCase(), rest.join("="));
  }
  const source = fields.get("source") ?? fields.get("src") ?? null;
  const target = fields.get("target") ?? fields.get("destination") ?? fields.get("dst");
  if (!target?.startsWith("/")) return null;
  const said = fields.get("readonly") ?? fields.get("ro");
  const readOnly = said !== undefined && said !== "false" && said !== "0";
  const bound = fields.get("type") === "bind" || isPath(source);
  return { shown, source, target: tidy(target), readOnly, isPath: source !== null && bound };
}

/** The parts between colons, where `${NAME:-x}` and `$(a:b)` are one. */
function outsideBraces(text: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const character of text) {
    if (character === "{" || character === "(") depth += 1;
    if (character === "}" || character === ")") depth -= 1;
    if (character === ":" && depth <= 0) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts;
}

function isPath(source: string | null): boolean {
  return source !== null && /^(?:[/.~$`]|[A-Za-z]:[\\/])/.test(source);
}

function tidy(target: string): string {
  return target.replace(/\/{2,}/g, "/").replace(/(?<=.)\/$/, "");
}

const here = /^(?:\.|\$PWD|\$\{PWD\}|\$\(pwd\)|`pwd`|%cd%)(?=[/\\]|$)/i;
// Whole disks and homes, what runs this machine, and where keys are kept.
const wholePlace = /^(?:\/|\/home(?:\/[^/]+)?|\/root|~|\$HOME|\$\{HOME\})\/?$/;
const machinePlace = /^\/(?:etc|proc|sys|dev|boot|run|var\/run|var\/lib\/docker)(?:\/|$)/;
const keyPlace = /(?:^|\/)\.(?:ssh|aws|gnupg|kube|docker|netrc|config\/gcloud)(?:\/|$)/;
const cachePlace =
  /(?:^|\/)(?:\.cache|\.torch|\.keras|\.pip|huggingface|hf[_-]?cache|pip[_-]?cache|cache)(?:\/|$)/i;
const outputPlace =
  /(?:^|[/_.-])(?:outputs?|out|results?|logs?|checkpoints?|ckpts?|runs|saves?|saved|weights|models?|artifacts?|exp|experiments|tensorboard|tb)(?:[/_.-]|\d*$)/i;
const dataPlace =
  /(?:^|[/_.-])(?:data|datasets?|inputs?|imagenet|tiny-imagenet-200|cifar\d*|mnist|coco|voc|train|val|test)(?:[/_.-]|\d*$)/i;

/** What a mount is most likely for, by where it comes from and goes to. */
export function useOf({ source, target, readOnly, isPath: bound }: Mount): MountUse {
  const from = source ?? "";
  if (/\b(?:docker|containerd|podman|crio)\.sock$/.test(from) || target.endsWith("docker.sock"))
    return "engine";
  if (bound && here.test(from) && from.replace(here, "").replace(/^[/\\]+/, "") === "")
    return "code";
  if (bound && [wholePlace, machinePlace, keyPlace].some((place) => place.test(from)))
    return "system";
  // The name in the container says more than that outside; what is read only is never a result.
  const names = [target, bound ? lastOf(from) : from];
  const isForResults = names.some((name) => outputPlace.test(name));
  if (isForResults && !readOnly) return "outputs";
  if (names.some((name) => dataPlace.test(name))) return "data";
  // Models or logs of earlier, which the program only reads.
  if (isForResults) return "other";
  if (cachePlace.test(from) || cachePlace.test(target)) return "cache";
  return readOnly ? "data" : "other";
}

function lastOf(path: string): string {
  return path.split(/[/\\]/).findLast((part) => part !== "") ?? "";
}
