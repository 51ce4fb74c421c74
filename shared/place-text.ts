import type { Place } from "./readiness.ts";

/** The place in words, such as `in Docker, image node:24, network off`. */
export function placeText(place: Place): string {
  if (place.runner === "process") return "as processes on this machine";
  const { image, engine, network } = place;
  return [
    engine === null ? "in Docker" : `in Docker Engine ${engine}`,
    `image ${image}`,
    `network ${network ? "on" : "off"}`,
  ].join(", ");
}
