import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { readGroupUsage } from "./control-group.ts";

function world(files: Record<string, string>) {
  const root = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { proc: join(root, "proc"), groups: join(root, "groups") };
}

test("version 2 has one group", async () => {
  const group = "groups/system.slice/docker-1.scope";
  const roots = world({
    "proc/7/cgroup": "0::/system.slice/docker-1.scope\n",
    [`${group}/memory.current`]: "1000\n",
    [`${group}/memory.peak`]: "5000\n",
    [`${group}/memory.stat`]: "anon 600\ninactive_file 300\n",
    [`${group}/cpu.stat`]: "usage_usec 1500000\nuser_usec 1\n",
    [`${group}/io.stat`]: "8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=1 wbytes=2 rios=1\n",
  });
  expect(await readGroupUsage(7, roots)).toEqual({
    cpuSeconds: 1.5,
    memory: 700,
    peakMemory: 5000,
    readBytes: 11,
    writtenBytes: 22,
  });
});

test("version 1 has one for each controller", async () => {
  const roots = world({
    "proc/7/cgroup": "4:memory:/docker/1\n2:cpu,cpuacct:/docker/1\n7:blkio:/docker/1\n0::/\n",
    "groups/memory/docker/1/memory.usage_in_bytes": "1000\n",
    "groups/memory/docker/1/memory.max_usage_in_bytes": "4000\n",
    "groups/memory/docker/1/memory.stat": "cache 1\ntotal_inactive_file 100\n",
    "groups/cpuacct/docker/1/cpuacct.usage": "2500000000\n",
    "groups/blkio/docker/1/blkio.throttle.io_service_bytes":
      "8:0 Read 10\n8:0 Write 20\n8:0 Total 30\nTotal 30\n",
  });
  expect(await readGroupUsage(7, roots)).toEqual({
    cpuSeconds: 2.5,
    memory: 900,
    peakMemory: 4000,
    readBytes: 10,
    writtenBytes: 20,
  });
});

test("a process that is not in sight tells nothing", async () => {
  expect(await readGroupUsage(7, world({ "proc/8/cgroup": "0::/\n" }))).toBe(null);
  expect(await readGroupUsage(7, world({ "proc/7/cgroup": "0::/gone\n" }))).toBe(null);
});
