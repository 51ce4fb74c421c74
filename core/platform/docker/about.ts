import { answered, type DockerClient } from "./client.ts";

type Abortable<T> = (options: { abortSignal: AbortSignal }) => Promise<T>;
type Asked = {
  version: Abortable<{ Version: string; ApiVersion: string }>;
  info: Abortable<{
    DockerRootDir?: string;
    Runtimes?: Record<string, unknown>;
    DiscoveredDevices?: { Source?: string; ID?: string }[] | null;
  }>;
};

export type AboutEngine = {
  /** Such as `27.1.0`, and that of its API. */
  version: string;
  apiVersion: string;
  /** Folder of its images, on whichever machine it runs; empty where it does not tell. */
  root: string;
  /** Names, such as `runc` and `nvidia`. */
  runtimes: readonly string[];
  /** Names, such as `nvidia.com/gpu=0`; none where it does not tell. */
  cdiDevices: readonly string[];
};

/** What the engine says of itself. Throws DOCKER_UNREACHABLE for one that hangs. */
export async function aboutEngine(docker: DockerClient): Promise<AboutEngine> {
  // The library's types do not know that these two calls can be ended.
  const asked = docker as unknown as Asked;
  const [{ Version, ApiVersion }, { DockerRootDir = "", Runtimes = {}, DiscoveredDevices }] =
    await answered((abortSignal) =>
      Promise.all([asked.version({ abortSignal }), asked.info({ abortSignal })]),
    );
  return {
    version: Version,
    apiVersion: ApiVersion,
    root: DockerRootDir,
    runtimes: Object.keys(Runtimes),
    cdiDevices: (DiscoveredDevices ?? []).flatMap(({ Source, ID }) =>
      Source === "cdi" && ID !== undefined ? [ID] : [],
    ),
  };
}
