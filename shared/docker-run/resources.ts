/** GPUs, processors, memory and shared memory that a docker run line asks for. */
import type { Note } from "./flags.ts";
import { type GpuCount, readDeviceList, readGpusOption } from "./gpus.ts";
import type { DockerOption, DockerRun } from "./parse.ts";
import { sizeFromDocker } from "./sizes.ts";

/** As `resources` of gauntlet.yaml; what is not asked for is absent. */
export type AskedResources = { gpus?: number; cpus?: number; memory?: string; shm?: string };

/** What stands for the shared memory of this machine, which --ipc=host gave. */
const sharedMemory = "8GiB";

/** The resources of a line, and what is to be said of how they were read. */
export function resourcesOf(run: DockerRun): { resources: AskedResources; notes: Note[] } {
  const notes: Note[] = [];
  const resources: AskedResources = {};
  const gpus = gpusOf(run);
  if (gpus) {
    resources.gpus = gpus.count === "all" ? 1 : gpus.count;
    if (gpus.count === "all")
      notes.push({
        level: "changed",
        about: gpus.about,
        text: "It means all GPUs; a job asks for a number of them: write how many the program uses.",
      });
    else if (gpus.chosen && gpus.count > 0)
      notes.push({
        level: "changed",
        about: gpus.about,
        text: "A job asks for a number of GPUs; which ones it is given is decided when it starts.",
      });
    if (resources.gpus === 0) delete resources.gpus;
  }
  const last = (name: string) => run.options.findLast((option) => option.name === name);
  for (const [name, key] of [
    ["memory", "memory"],
    ["shm-size", "shm"],
  ] as const) {
    const option = last(name);
    if (!option) continue;
    const size = sizeFromDocker(option.value.text);
    if (size === null) notes.push(unread(option));
    else resources[key] = size;
  }
  readProcessors(run, resources, notes);
  if (last("ipc")?.value.text === "host") {
    resources.shm ??= sharedMemory;
    notes.push({
      level: "unsafe",
      about: `${last("ipc")?.given ?? "--ipc"}=host`,
      text: `It shares this machine's memory with the container; shm: ${resources.shm} gives data loaders memory of their own.`,
    });
  } else if (last("ipc"))
    notes.push({ level: "dropped", about: "--ipc", text: "A job shares memory with no other." });
  return { resources, notes };
}

function readProcessors(run: DockerRun, resources: AskedResources, notes: Note[]): void {
  const option = run.options.findLast(({ name }) => name === "cpus");
  const set = run.options.findLast(({ name }) => name === "cpuset-cpus");
  const count = option ? Number(option.value.text) : cpusIn(set?.value.text ?? "");
  if (Number.isFinite(count) && count > 0 && count <= 4096) resources.cpus = Math.ceil(count);
  else if (option) notes.push(unread(option));
  if (set)
    notes.push({
      level: "changed",
      about: set.given,
      text: "A job asks for a number of processors, not for certain ones.",
    });
}

/** How many processors `0-3,8` names. */
function cpusIn(text: string): number {
  let count = 0;
  for (const range of text.split(",")) {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range.trim()) ?? [];
    if (first !== undefined) count += Math.max(0, Number(last) - Number(first) + 1);
  }
  return count;
}

function unread({ given }: DockerOption): Note {
  return { level: "dropped", about: given, text: "Its value is none that says how much." };
}

type Asked = { count: GpuCount; about: string; chosen: boolean };

/** The narrowest of all that speaks of GPUs; undefined where nothing does. */
function gpusOf(run: DockerRun): Asked | undefined {
  const asked: Asked[] = [];
  const variable = (name: string) =>
    run.options.findLast(
      (option) => option.name === "env" && option.value.text.startsWith(`${name}=`),
    );
  const visible = variable("NVIDIA_VISIBLE_DEVICES");
  const named = run.variables.get("NV_GPU");
  const runtime = run.options.findLast(({ name }) => name === "runtime")?.value.text;
  if (named) asked.push({ count: readDeviceList(named.text), about: "NV_GPU", chosen: true });
  else if (visible) {
    const [, list = ""] = visible.value.text.split("=");
    asked.push({ count: readDeviceList(list), about: "NVIDIA_VISIBLE_DEVICES", chosen: true });
  } else if (run.nvidia) asked.push({ count: "all", about: "nvidia-docker", chosen: false });
  else if (runtime === "nvidia")
    asked.push({ count: "all", about: "--runtime=nvidia", chosen: false });
  const option = run.options.findLast(({ name }) => name === "gpus");
  if (option) {
    // What is no number and no list is told like all of them: the user has to look at it.
    const count = readGpusOption(option.value.text) ?? "all";
    asked.push({ count, about: option.given, chosen: option.value.text.includes("device=") });
  }
  const devices = run.options.filter(isGpuDevice);
  const [device] = devices;
  if (device) {
    const all = devices.some(({ value }) => value.text.endsWith("=all"));
    const count = devices.filter(({ value }) => /\d$/.test(value.text)).length;
    if (all || count > 0)
      asked.push({ count: all ? "all" : count, about: device.given, chosen: true });
  }
  const cuda = variable("CUDA_VISIBLE_DEVICES");
  if (cuda && asked.length > 0) {
    const [, list = ""] = cuda.value.text.split("=");
    asked.push({ count: readDeviceList(list), about: "CUDA_VISIBLE_DEVICES", chosen: true });
  }
  const size = ({ count }: Asked) => (count === "all" ? Infinity : count);
  return asked.toSorted((a, b) => size(a) - size(b))[0];
}

/** `--device /dev/nvidia0`, its companions, and `--device nvidia.com/gpu=0`. */
export function isGpuDevice({ name, value }: DockerOption): boolean {
  return name === "device" && /^(?:\/dev\/nvidia|nvidia\.com\/gpu=)/.test(value.text);
}
