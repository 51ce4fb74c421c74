import { describe, expect, test } from "vitest";
import { gpuAccess, gpuRequest } from "./gpu-request.ts";

const devices = ["nvidia.com/gpu=0", "nvidia.com/gpu=all"];

describe("which way GPUs are asked for", () => {
  test.each([
    [{ runtimes: ["runc", "nvidia"], cdiDevices: [] }, "nvidia"],
    [{ runtimes: ["runc", "nvidia"], cdiDevices: devices }, "nvidia"],
    [{ runtimes: ["runc"], cdiDevices: devices }, "cdi"],
    [{ runtimes: ["runc"], cdiDevices: ["intel.com/gpu=0", "nvidia.com/net=0"] }, "nvidia"],
    [{ runtimes: ["runc"], cdiDevices: [] }, "nvidia"],
  ])("%j: %s", (about, access) => {
    expect(gpuAccess(about)).toBe(access);
  });
});

test("the requests themselves", () => {
  expect(gpuRequest("nvidia", [0, 3])).toEqual({
    Driver: "nvidia",
    DeviceIDs: ["0", "3"],
    Capabilities: [["gpu"]],
  });
  expect(gpuRequest("nvidia", "all")).toEqual({
    Driver: "nvidia",
    Count: -1,
    Capabilities: [["gpu"]],
  });
  expect(gpuRequest("cdi", [0, 3])).toEqual({
    Driver: "cdi",
    DeviceIDs: ["nvidia.com/gpu=0", "nvidia.com/gpu=3"],
  });
  expect(gpuRequest("cdi", "all")).toEqual({ Driver: "cdi", DeviceIDs: ["nvidia.com/gpu=all"] });
});
