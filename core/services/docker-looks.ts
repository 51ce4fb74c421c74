/** Containers that live for a moment, to find out what the engine or an image can do. */
import { randomUUID } from "node:crypto";
import type { DockerClient } from "../platform/docker/client.ts";
import { removeContainersOf } from "../runners/docker/watch.ts";

const prefix = "gauntlet-doctor-";
/** None lives as long, ms: what is older has been left by a process that was killed. */
const longest = 10 * 60_000;

/** A name that no other look has. */
export function lookName(): string {
  return `${prefix}${randomUUID()}`;
}

/** Removes what looks that were cut off have left, of whatever process. Throws as `answered` does. */
export function removeLeftLooks(docker: DockerClient): Promise<void> {
  const isLeft = ({ Created }: { Created: number }) => Date.now() - Created * 1000 > longest;
  return removeContainersOf(docker, prefix, isLeft);
}
