import { expect, test } from "vitest";
import { coreEnvironment } from "./core-environment.ts";

test("a job gets the person's environment, not the app's", () => {
  const env = {
    HOME: "/home/me",
    PATH: "/tmp/.mount_x/usr/bin:/usr/bin:/opt/cuda",
    LD_LIBRARY_PATH: "/tmp/.mount_x/usr/lib",
    APPDIR: "/tmp/.mount_x",
    APPIMAGE: "/home/me/Gauntlet.AppImage",
    ELECTRON_RUN_AS_NODE: "1",
  };
  expect(coreEnvironment(env)).toEqual({
    HOME: "/home/me",
    PATH: "/usr/bin:/opt/cuda",
    LD_LIBRARY_PATH: "",
  });
  expect(coreEnvironment({ PATH: "/usr/bin" })).toEqual({ PATH: "/usr/bin" });
});
