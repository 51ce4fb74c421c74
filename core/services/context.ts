import type { ChallengeProgress } from "../../shared/challenge.ts";
import type { Packing } from "../../shared/views.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { ArtifactStore, Clock, SecretStore, TreeStore } from "../domain/ports.ts";
import type { Slots } from "../domain/plan.ts";
import type { Engine } from "../engine/engine.ts";
import type { MachineLoad } from "../platform/machine.ts";
import type { DatasetCacheState } from "./dataset-cache.ts";
import type { Provision } from "./dataset-provision.ts";
import type { createDatasetReader } from "./dataset-reader.ts";

/** What use cases work with. Made once, in core.ts. */
export type CoreContext = {
  catalog: Catalog;
  artifacts: ArtifactStore;
  trees: TreeStore;
  engine: Engine;
  secrets: SecretStore;
  /** What jobs may use of this machine. */
  slots: Slots;
  machine(): MachineLoad;
  clock: Clock;
  datasetReader: ReturnType<typeof createDatasetReader>;
  /** Datasets that are being packed; what stands in it changes as they are. */
  packing: Set<Packing>;
  /** Aborted when the core is about to end: what works beside all else stops then. */
  closing: AbortSignal;
  /** Packed datasets that make room. */
  datasetCache: DatasetCacheState;
  /** Those that are packed again. */
  provision: Provision;
  /** Challenges under way; what stands in it changes as they go on. */
  challenges: Set<ChallengeProgress>;
  newId(): string;
  /** A random integer in 0..2^32-1. */
  randomInteger(): number;
  folders: { data: string; datasets: string; jobs: string; installation: string };
};
