/** The options of `docker run`: which take a value, and what becomes of those that name nothing here. */

/**
 * What an import says of a piece of the line. `unsafe`: it gave the container more than a job
 * should have; `dropped`: Gauntlet has no use for it; `changed`: it is said in another way.
 */
export type Level = "unsafe" | "dropped" | "changed";

export type Note = {
  level: Level;
  /** The piece of the line, such as `--privileged`; never a secret's value. */
  about: string;
  /** One sentence or two. */
  text: string;
};

type Said = { level: Level; text: string };

type Flag = {
  takesValue: boolean;
  /** What is said where nothing in particular becomes of it. */
  said: Said;
};

const dropped = (text: string): Said => ({ level: "dropped", text });
const unsafe = (text: string): Said => ({ level: "unsafe", text });

const nothing = dropped("Jobs have nothing of the kind.");
const named = dropped("Gauntlet gives each container a name of its own.");
const resolved = dropped("Names are resolved as on this machine.");
const logged = dropped("The log of a job is kept with its run.");
const watched = dropped("Time and silence limits watch over jobs: time_limit, silence_limit.");
const shared = dropped("Slots, not shares, say what a job may use: resources.cpus.");
const limited = dropped("A job has one limit of memory: resources.memory.");
const throttled = dropped("Disks are not throttled for jobs.");
const attached = dropped("A job has no terminal; what it prints is its log.");
const reached = dropped("Jobs are not reached over the network; results are read from out/.");
const opened = unsafe("It loosens what keeps a container apart from this machine.");

const values: Readonly<Record<string, Said>> = {
  "add-host": resolved,
  annotation: nothing,
  attach: attached,
  "blkio-weight": throttled,
  "blkio-weight-device": throttled,
  "cap-add": unsafe("It gives the container rights over this machine, which no training needs."),
  "cap-drop": dropped("Which rights a container has is the runner's choice."),
  "cgroup-parent": nothing,
  cgroupns: opened,
  cidfile: named,
  "cpu-count": shared,
  "cpu-percent": shared,
  "cpu-period": shared,
  "cpu-quota": shared,
  "cpu-rt-period": shared,
  "cpu-rt-runtime": shared,
  "cpu-shares": shared,
  cpus: shared,
  "cpuset-cpus": shared,
  "cpuset-mems": shared,
  "detach-keys": attached,
  device: unsafe("It hands a device of this machine to the container."),
  "device-cgroup-rule": opened,
  "device-read-bps": throttled,
  "device-read-iops": throttled,
  "device-write-bps": throttled,
  "device-write-iops": throttled,
  dns: resolved,
  "dns-option": resolved,
  "dns-search": resolved,
  domainname: named,
  entrypoint: nothing,
  env: nothing,
  "env-file": nothing,
  expose: reached,
  gpus: nothing,
  "group-add": dropped("As whom a container runs is the runner's choice."),
  "health-cmd": watched,
  "health-interval": watched,
  "health-retries": watched,
  "health-start-interval": watched,
  "health-start-period": watched,
  "health-timeout": watched,
  hostname: named,
  ip: reached,
  ip6: reached,
  ipc: nothing,
  isolation: nothing,
  "kernel-memory": limited,
  label: dropped("Gauntlet labels containers itself; tags and notes belong to runs."),
  "label-file": dropped("Gauntlet labels containers itself; tags and notes belong to runs."),
  link: dropped("A job is one container; it cannot lean on another."),
  "link-local-ip": reached,
  "log-driver": logged,
  "log-opt": logged,
  "mac-address": reached,
  memory: limited,
  "memory-reservation": limited,
  "memory-swap": limited,
  "memory-swappiness": limited,
  mount: nothing,
  name: nothing,
  network: nothing,
  "network-alias": reached,
  "oom-score-adj": nothing,
  pid: nothing,
  "pids-limit": nothing,
  platform: dropped("The image that is there for this machine is taken."),
  publish: reached,
  pull: dropped("An image is pulled when it is not there."),
  restart: nothing,
  runtime: nothing,
  "security-opt": opened,
  "shm-size": nothing,
  "stop-signal": dropped("A job that is stopped gets SIGTERM, and SIGKILL 10 seconds later."),
  "stop-timeout": dropped("A job that is stopped gets SIGTERM, and SIGKILL 10 seconds later."),
  "storage-opt": nothing,
  sysctl: opened,
  tmpfs: dropped("A job may write anywhere in its container; what it shall keep goes to out/."),
  ulimit: dropped("Limits of processes are those of the container engine."),
  user: dropped("As whom a container runs is the runner's choice."),
  userns: opened,
  uts: opened,
  volume: nothing,
  "volume-driver": nothing,
  "volumes-from": dropped("A job is one container; it cannot lean on another."),
  workdir: nothing,
};

const switches: Readonly<Record<string, Said>> = {
  detach: dropped("Jobs always run in the background; gauntlet runs logs follows one."),
  "disable-content-trust": nothing,
  help: nothing,
  init: dropped("Children that a job leaves behind are ended with it."),
  interactive: attached,
  "no-healthcheck": watched,
  "oom-kill-disable": unsafe(
    "A container that cannot be ended for its memory can stop the machine.",
  ),
  privileged: unsafe("It gives the container all rights over this machine."),
  "publish-all": reached,
  quiet: nothing,
  "read-only": dropped("A job may write in its container, which is gone after it."),
  rm: dropped("The container goes with its job; log, metrics and out/ are kept."),
  "sig-proxy": attached,
  tty: attached,
  "use-api-socket": unsafe(
    "It lets the container command the container engine, thus this machine.",
  ),
};

const shorts: Readonly<Record<string, string>> = {
  a: "attach",
  c: "cpu-shares",
  d: "detach",
  e: "env",
  h: "hostname",
  i: "interactive",
  l: "label",
  m: "memory",
  p: "publish",
  P: "publish-all",
  q: "quiet",
  t: "tty",
  u: "user",
  v: "volume",
  w: "workdir",
};

const aliases: Readonly<Record<string, string>> = {
  "dns-opt": "dns-option",
  net: "network",
  "net-alias": "network-alias",
};

/** Long names of all options, for suggestions. */
export const flagNames: readonly string[] = [...Object.keys(values), ...Object.keys(switches)];

/** The long name of an option as it was given, such as `network` for `net`. */
export function longName(name: string): string {
  if (name.length === 1) return Object.hasOwn(shorts, name) ? (shorts[name] ?? name) : name;
  return Object.hasOwn(aliases, name) ? (aliases[name] ?? name) : name;
}

/** The option with this long name; undefined for what is none. */
export function flagOf(name: string): Flag | undefined {
  const valued = Object.hasOwn(values, name) ? values[name] : undefined;
  if (valued) return { takesValue: true, said: valued };
  const said = Object.hasOwn(switches, name) ? switches[name] : undefined;
  return said && { takesValue: false, said };
}
