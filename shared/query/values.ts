/** How numbers, durations and dates are written in a query. */

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A span of time, `from` included and `to` not, ms since 1970 UTC. */
export type TimeSpan = { from: number; to: number };

/** A finite number such as `0.1`, `-3` or `1e-4`, or null. */
export function readNumber(text: string): number | null {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** A duration such as `90s`, `1h30m` or `7d`, in ms, or null. */
export function readDuration(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ms|min|s|m|h|d|w))+$/.test(text)) return null;
  let total = 0;
  for (const [, amount, unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(ms|min|s|m|h|d|w)/g))
    total += Number(amount) * (units[unit] ?? 0);
  return total;
}

/**
 * A date or a moment, as the span that it means: `2026-11` is a month, `2026-11-24` a day,
 * `2026-11-24T18:05` a minute; `today` and `yesterday`. Without a zone it is local time.
 */
export function readTime(text: string, now: number): TimeSpan | null {
  if (text === "today" || text === "yesterday") {
    const date = new Date(now);
    const day = date.getDate() - (text === "today" ? 0 : 1);
    return daysFrom(date.getFullYear(), date.getMonth(), day, 1);
  }
  const match =
    /^(\d{4})-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d{1,3})?)?(Z|[+-]\d\d:?\d\d)?)?)?$/i.exec(
      text,
    );
  if (!match) return null;
  const [, year = "", month = "", day, hour, minute, second, fraction, zone] = match;
  if (Number(month) < 1 || Number(month) > 12) return null;
  if (day === undefined) {
    const from = new Date(Number(year), Number(month) - 1, 1).getTime();
    return { from, to: new Date(Number(year), Number(month), 1).getTime() };
  }
  const daysInMonth = new Date(Number(year), Number(month), 0).getDate();
  if (Number(day) < 1 || Number(day) > daysInMonth) return null;
  if (hour === undefined) return daysFrom(Number(year), Number(month) - 1, Number(day), 1);
  const clock = `${hour}:${minute}:${second ?? "00"}${fraction ?? ""}`;
  const offset = zone?.replace(/^([+-]\d\d)(\d\d)$/, "$1:$2").toUpperCase() ?? "";
  const from = new Date(`${year}-${month}-${day}T${clock}${offset}`).getTime();
  if (Number.isNaN(from)) return null;
  return { from, to: from + (fraction ? 1 : second === undefined ? 60_000 : 1000) };
}

/** Whole days of local time: a day with a change of the clock is not 24 hours long. */
function daysFrom(year: number, month: number, day: number, count: number): TimeSpan {
  return {
    from: new Date(year, month, day).getTime(),
    to: new Date(year, month, day + count).getTime(),
  };
}
