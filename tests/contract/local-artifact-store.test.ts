import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createLocalStore } from "../../core/storage/local-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { artifactStoreSuite } from "./artifact-store-suite.ts";

function openStore() {
  const root = join(temporaryFolder(), "artifacts");
  const store = createLocalStore(root);
  const put = async (content: string | Uint8Array) => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, content);
    return (await store.put(file)).sha256;
  };
  return { root, store, put };
}

function overwrite(file: string, content: string): void {
  chmodSync(file, 0o644);
  writeFileSync(file, content);
}

artifactStoreSuite("local folder", async () => {
  const { store } = openStore();
  return {
    store,
    async damage(sha256) {
      const file = store.pathOf(sha256);
      overwrite(file, readFileSync(file, "utf8").replace(/^./, "?"));
    },
  };
});

describe("local folder", () => {
  test("a file lies under its hash, read-only, and nothing else is left", async () => {
    const { root, store, put } = openStore();
    const sha256 = await put("digits\n");
    expect(store.pathOf(sha256)).toBe(join(root, sha256.slice(0, 2), sha256));
    expect(statSync(store.pathOf(sha256)).mode & 0o777).toBe(0o444);
    expect(readdirSync(root).toSorted()).toEqual([sha256.slice(0, 2), "tmp"].toSorted());
    expect(readdirSync(join(root, "tmp"))).toEqual([]);
  });

  test("pathOf refuses what is not there", async () => {
    const { store } = openStore();
    for (const sha256 of ["0".repeat(64), "..", ""])
      expect(() => store.pathOf(sha256)).toThrow(
        expect.objectContaining({ code: "ARTIFACT_MISSING" }),
      );
  });

  test("a copy may be written and is nobody else's", async () => {
    const { store, put } = openStore();
    const sha256 = await put("digits\n");
    const copy = join(temporaryFolder(), "copy");
    await store.materialise(sha256, copy);
    expect(statSync(copy).mode & 0o600).toBe(0o600);
    expect(statSync(copy).ino).not.toBe(statSync(store.pathOf(sha256)).ino);
  });

  test("a put mends a file that was cut short", async () => {
    const { store, put } = openStore();
    for (const content of ["small", Buffer.alloc(5 * 2 ** 20, 1)]) {
      const sha256 = await put(content);
      chmodSync(store.pathOf(sha256), 0o644);
      truncateSync(store.pathOf(sha256), 2);
      expect(await put(content)).toBe(sha256);
      await store.materialise(sha256, join(temporaryFolder(), "copy"), { verify: true });
    }
  });

  test("what a crash left is swept, what is under way is not", async () => {
    const { root, store, put } = openStore();
    expect(await store.sweepTemp()).toBe(0);
    mkdirSync(join(root, "tmp"), { recursive: true });
    writeFileSync(join(root, "tmp", "leftover"), "half");
    let ended = false;
    const work = put(Buffer.alloc(24 * 2 ** 20, 5)).finally(() => (ended = true));
    while (!ended && readdirSync(join(root, "tmp")).length < 2)
      await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
    expect(await store.sweepTemp()).toBe(1);
    expect(existsSync(store.pathOf(await work))).toBe(true);
    expect(readdirSync(join(root, "tmp"))).toEqual([]);
  });

  test("foreign files in the folder are not listed", async () => {
    const { root, store, put } = openStore();
    const sha256 = await put("x");
    mkdirSync(join(root, "zz"), { recursive: true });
    mkdirSync(join(root, "ff"), { recursive: true });
    for (const name of [".DS_Store", join("ff", "README"), join("zz", sha256), join("ff", sha256)])
      writeFileSync(join(root, name), "");
    const listed: string[] = [];
    for await (const hash of store.list()) listed.push(hash);
    expect(listed).toEqual([sha256]);
  });

  test("a pipe is refused without waiting for its other end", async (context) => {
    if (process.platform === "win32") return context.skip("no named pipes");
    const { store } = openStore();
    const pipe = join(temporaryFolder(), "pipe");
    execFileSync("mkfifo", [pipe]);
    await expect(store.put(pipe)).rejects.toMatchObject({ code: "ARTIFACT_REFUSED" });
  });
});

// A small disk of its own, in a mount namespace that ends with the program.
const canMount = spawnSync("unshare", ["-rm", "true"]).status === 0;

describe.skipIf(!canMount)("local folder on a disk that fails (needs unshare)", () => {
  const program = fileURLToPath(new URL("local-store-on-bad-disk.ts", import.meta.url));
  const onBadDisk = (fault: "full" | "read-only"): unknown =>
    JSON.parse(
      execFileSync("unshare", ["-rm", process.execPath, program, fault, temporaryFolder()], {
        encoding: "utf8",
      }),
    );

  test("a full disk is DISK_FULL, what was stored stays, and no half file is left", () => {
    expect(onBadDisk("full")).toEqual({
      put: "DISK_FULL",
      putLarge: "DISK_FULL",
      materialise: "DISK_FULL",
      kept: true,
      temporary: 0,
    });
  });

  test("a read-only disk is DATA_FOLDER_READ_ONLY, and can still be read", () => {
    expect(onBadDisk("read-only")).toEqual({
      put: "DATA_FOLDER_READ_ONLY",
      putLarge: "DATA_FOLDER_READ_ONLY",
      materialise: "DATA_FOLDER_READ_ONLY",
      remove: "DATA_FOLDER_READ_ONLY",
      kept: true,
      temporary: 0,
    });
  });
});
