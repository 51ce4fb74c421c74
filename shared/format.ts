/** How values are written everywhere: tables, messages, pages. */
import type { Norm } from "./schemas/threat-model.ts";

/** The end of an id, which is what people type. */
export function shortId(id: string): string {
  return id.slice(-6).toLowerCase();
}

/** A duration in at most two units: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 04 min`, `3 d 2 h`. */
export function formatDuration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Bytes in decimal units: `512 B`, `43.1 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A share of one as a percentage with one decimal: `95.6 %`. */
export function formatPercent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** `1 run`, `3 runs`; thousands in groups. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

/** A norm as papers write it: L2, L∞. */
export function formatNorm(norm: Norm): string {
  return norm === "linf" ? "L∞" : `L${norm.slice(1)}`;
}

/** An epsilon as the field writes it: `8/255` where it is a whole number of grey levels, else `0.5`. */
export function epsilonText(epsilon: number): string {
  const levels = epsilon * 255;
  const whole = Math.round(levels);
  return whole > 0 && whole < 255 && Math.abs(levels - whole) < 1e-6
    ? `${whole}/255`
    : `${Number(epsilon.toPrecision(4))}`;
}
