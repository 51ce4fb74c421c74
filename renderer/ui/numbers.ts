/** Numbers and times as they stand in tables and captions. */

// Made once: making one takes as long as a hundred uses, and tables have a cell for each row.
const grouped = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6 });

/** A measured number in about four digits, with a real minus sign: `0.9312`, `1,284`, `3.2e−5`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return withMinus(grouped.format(value));
  if (size !== 0 && (size < 1e-3 || size >= 1e9))
    return withMinus(value.toExponential(2).replace("e+", "e"));
  return withMinus(
    size >= 1000
      ? grouped.format(Number(value.toPrecision(5)))
      : String(Number(value.toPrecision(4))),
  );
}

/** With a fixed number of decimals. */
export function formatFixed(value: number, decimals: number): string {
  return withMinus(value.toFixed(decimals));
}

function withMinus(text: string): string {
  return text.replaceAll("-", "\u2212");
}

const withZone = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** `8 min ago`, `yesterday`, and after a week the date: `2026-11-24`. */
export function formatWhen(time: number, now: number): string {
  const passed = now - time;
  if (passed < minute) return "just now";
  if (passed < hour) return `${Math.floor(passed / minute)} min ago`;
  if (passed < day) return `${Math.floor(passed / hour)} h ago`;
  if (passed < 2 * day) return "yesterday";
  if (passed < 7 * day) return `${Math.floor(passed / day)} d ago`;
  return localDate(time);
}

/** `2026-11-24 14:03:07 GMT+1`, for whoever hovers over a relative time. */
export function formatExactTime(time: number): string {
  const at = new Date(time);
  const zone = withZone.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value;
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(":");
  return `${localDate(time)} ${clock} ${zone ?? ""}`;
}

function localDate(time: number): string {
  const at = new Date(time);
  return `${at.getFullYear()}-${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
