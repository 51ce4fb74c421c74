/** How many GPUs a docker run line asks for, in all the ways there are to say it. */

/** A number of GPUs, or all that the machine has. */
export type GpuCount = number | "all";

/**
 * Reads the value of `--gpus`: `all`, a number, `device=0,1` with or without the quotes that
 * Docker's comma-separated form wants, `count=2`, each with `capabilities` or not.
 * Null for what is none of these.
 */
export function readGpusOption(value: string): GpuCount | null {
  const fields: string[] = [];
  for (const field of value.replaceAll('"', "").split(",")) {
    // `device=0,1`: what has no name of its own belongs to the list before.
    const last = fields.at(-1);
    if (last !== undefined && !field.includes("=") && /^(?:device|capabilities)=/.test(last))
      fields[fields.length - 1] = `${last},${field}`;
    else fields.push(field.trim());
  }
  for (const field of fields) {
    if (field.startsWith("device=")) return readDeviceList(field.slice("device=".length));
    const count = field.replace(/^count=/, "");
    if (count === "all" || count === "-1") return "all";
    if (/^\d{1,4}$/.test(count)) return Number(count);
  }
  return null;
}

/** Reads `all`, `none`, `void` or a list of indexes or ids, as in NVIDIA_VISIBLE_DEVICES. */
export function readDeviceList(value: string): GpuCount {
  if (value === "all") return "all";
  if (["", "none", "void", "-1", "NoDevFiles"].includes(value)) return 0;
  return new Set(value.split(/[,\s]+/).filter((device) => device !== "")).size;
}
