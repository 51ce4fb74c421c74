/** How an engine is asked to give a container GPUs. */
import type { AboutEngine } from "./about.ts";
import type { ContainerOptions } from "./client.ts";

/** By NVIDIA's own runtime, or by the devices that an engine finds in CDI specifications. */
export type GpuAccess = "nvidia" | "cdi";

type DeviceRequest = NonNullable<
  NonNullable<ContainerOptions["HostConfig"]>["DeviceRequests"]
>[number];

const kind = "nvidia.com/gpu";

/**
 * CDI only where there is no runtime and the engine lists NVIDIA's devices (`DiscoveredDevices` of
 * `/info`, from API 1.50 on): an engine that tells neither may still have the runtime's hook.
 */
export function gpuAccess({
  runtimes,
  cdiDevices,
}: Pick<AboutEngine, "runtimes" | "cdiDevices">): GpuAccess {
  if (runtimes.includes("nvidia")) return "nvidia";
  return cdiDevices.some((device) => device.startsWith(`${kind}=`)) ? "cdi" : "nvidia";
}

/** @param gpus their numbers, as nvidia-smi counts them and nvidia-ctk names them */
export function gpuRequest(access: GpuAccess, gpus: readonly number[] | "all"): DeviceRequest {
  if (access === "cdi") {
    const names = gpus === "all" ? [gpus] : gpus.map(String);
    return { Driver: "cdi", DeviceIDs: names.map((name) => `${kind}=${name}`) };
  }
  const Capabilities = [["gpu"]];
  return gpus === "all"
    ? { Driver: "nvidia", Count: -1, Capabilities }
    : { Driver: "nvidia", DeviceIDs: gpus.map(String), Capabilities };
}
