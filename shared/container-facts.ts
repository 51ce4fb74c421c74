import type { ContainerView } from "./views.ts";

/** What an attempt ran in, as names with values; what is not known is left out. */
export function containerFacts(container: ContainerView): { name: string; value: string }[] {
  const { image, id, digest, engine, network } = container;
  return [
    { name: "image", value: image },
    ...(id === null ? [] : [{ name: "image id", value: id }]),
    ...(digest === null ? [] : [{ name: "digest", value: digest }]),
    ...(engine === null ? [] : [{ name: "engine", value: `Docker Engine ${engine}` }]),
    { name: "network", value: network ? "on" : "off" },
  ];
}
