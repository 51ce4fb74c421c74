const longestText = 40;

const durationWords: Record<string, string> = {
  ms: "ms|msecs?|millis|milliseconds?",
  s: "s|secs?|seconds?",
  m: "m|mins?|minutes?",
  h: "h|hrs?|hours?",
  d: "d|days?",
};

const seconds: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** How a duration such as `6 hours`, `1h30m` or `90` is written properly, or null. */
export function suggestDuration(text: string): string | null {
  if (text.length > longestText) return null;
  if (/^\d+(\.\d+)?$/.test(text)) return `add the unit: \`${text}s\` or \`${text}m\``;
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)\s*/gi)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text.trim()) return null;
  const amounts = parts.map(([, amount = "", word = ""]) => {
    const unit = Object.keys(durationWords).find((key) =>
      new RegExp(`^(?:${durationWords[key]})$`, "i").test(word),
    );
    return unit === undefined ? null : { amount, unit };
  });
  const [only] = amounts;
  if (amounts.includes(null) || !only) return null;
  if (amounts.length === 1) return `write \`${only.amount}${only.unit}\``;
  let total = 0;
  for (const part of amounts) if (part) total += Number(part.amount) * (seconds[part.unit] ?? 0);
  return `write \`${total % 60 === 0 ? `${total / 60}m` : `${total}s`}\``;
}

/** How a size such as `16G`, `16 gigabytes` or `500mb` is written properly, or null. */
export function suggestSize(text: string): string | null {
  if (text.length > longestText) return null;
  if (/^\d+(\.\d+)?$/.test(text)) return `add the unit: \`${text}GiB\` or \`${text}MB\``;
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)(b|bytes?)?$/i.exec(text.trim());
  if (match) {
    const [, amount = "", prefix = "", binary = "", byte = ""] = match;
    if (prefix === "") return `write \`${amount}B\``;
    // "16G" and "16Gi" mean binary units where memory is written that way (Docker, Kubernetes).
    const isBinary = binary !== "" || byte === "";
    const letter = prefix.toUpperCase();
    return `write \`${amount}${isBinary ? `${letter}iB` : `${letter === "K" ? "k" : letter}B`}\``;
  }
  const worded = /^(\d+(?:\.\d+)?)\s*(kilo|mega|giga|tera)bytes?$/i.exec(text.trim());
  if (!worded) return null;
  const letter = (worded[2]?.[0] ?? "").toUpperCase();
  return `write \`${worded[1]}${letter === "K" ? "k" : letter}B\``;
}
