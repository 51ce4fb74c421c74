import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import type { ArtifactStore } from "../../core/domain/ports.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

export type StoreUnderTest = {
  store: ArtifactStore;
  /** Changes a byte of what is stored, as a failing disk would. */
  damage(sha256: string): Promise<void>;
};

/** What every artifact store does. `open` gives a new and empty one for each test. */
export function artifactStoreSuite(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`artifact store: ${name}`, () => {
    let store: ArtifactStore;
    let damage: StoreUnderTest["damage"];
    beforeEach(async () => {
      ({ store, damage } = await open());
    });

    async function fileWith(content: string | Uint8Array, fileName = "file"): Promise<string> {
      const file = join(temporaryFolder(), fileName);
      await writeFile(file, content);
      return file;
    }

    async function listed(): Promise<string[]> {
      const hashes: string[] = [];
      for await (const sha256 of store.list()) hashes.push(sha256);
      return hashes.toSorted();
    }

    const contents: [string, Uint8Array][] = [
      ["an empty file", new Uint8Array()],
      ["text", Buffer.from("digits\n")],
      ["bytes of every value", Uint8Array.from({ length: 4096 }, (_, i) => i % 256)],
      ["more than fits into one piece", new Uint8Array(9 * 2 ** 20 + 7).fill(3)],
    ];

    test.each(contents)("keeps and gives back %s", async (_what, content) => {
      const sha256 = createHash("sha256").update(content).digest("hex");
      expect(await store.has(sha256)).toBe(false);
      expect(await store.put(await fileWith(content))).toEqual({ sha256, size: content.length });
      expect(await store.has(sha256)).toBe(true);
      const target = join(temporaryFolder(), "a", "b", "copy");
      for (const verify of [false, true]) {
        await store.materialise(sha256, target, { verify });
        expect(Buffer.compare(await readFile(target), content)).toBe(0);
      }
    });

    test("an empty store lists nothing", async () => expect(await listed()).toEqual([]));

    test("the same bytes are stored once, under whatever name", async () => {
      const first = await store.put(await fileWith("same", "a"));
      const second = await store.put(await fileWith("same", "b\nc ‮ é"));
      expect(second).toEqual(first);
      expect(await listed()).toEqual([first.sha256]);
    });

    test.each([100, 5 * 2 ** 20])("many puts of the same %i bytes at a time", async (size) => {
      const files = await Promise.all(
        Array.from({ length: 6 }, () => fileWith(Buffer.alloc(size, 7))),
      );
      const results = await Promise.all(files.map((file) => store.put(file)));
      expect(new Set(results.map(({ sha256 }) => sha256)).size).toBe(1);
      const [{ sha256 } = { sha256: "" }] = results;
      expect(await listed()).toEqual([sha256]);
      await store.materialise(sha256, join(temporaryFolder(), "copy"), { verify: true });
    });

    test("what happens to the original or to a copy later does not matter", async () => {
      const original = await fileWith("before");
      const { sha256 } = await store.put(original);
      await writeFile(original, "after");
      const copy = join(temporaryFolder(), "copy");
      await store.materialise(sha256, copy);
      await writeFile(copy, "changed");
      await store.materialise(sha256, copy, { verify: true });
      expect(await readFile(copy, "utf8")).toBe("before");
    });

    test("materialise replaces a file and leaves nothing beside it", async () => {
      const { sha256 } = await store.put(await fileWith("new"));
      const folder = temporaryFolder();
      await writeFile(join(folder, "target"), "old");
      await store.materialise(sha256, join(folder, "target"));
      expect(await readFile(join(folder, "target"), "utf8")).toBe("new");
      expect(await readdir(folder)).toEqual(["target"]);
    });

    test("lists everything", async () => {
      const hashes: string[] = [];
      for (let i = 0; i < 20; i++) hashes.push((await store.put(await fileWith(`${i}`))).sha256);
      expect(await listed()).toEqual(hashes.toSorted());
    });

    test("removes for good, and takes the same bytes again", async () => {
      const file = await fileWith("gone");
      const { sha256 } = await store.put(file);
      const other = await store.put(await fileWith("stays"));
      await store.remove(sha256);
      expect(await store.has(sha256)).toBe(false);
      expect(await listed()).toEqual([other.sha256]);
      await store.remove(sha256);
      await store.put(file);
      expect(await store.has(sha256)).toBe(true);
    });

    test("what was put stays while it is kept, also by another, and goes afterwards", async () => {
      const file = await fileWith("wanted");
      const large = await fileWith(new Uint8Array(5 * 2 ** 20).fill(9), "large");
      const before = await store.put(file);
      await store.keeping(async () => {
        expect(await store.remove((await store.put(await fileWith("other"))).sha256)).toBe(false);
        await store.keeping(async () => void (await store.put(file)));
        expect(await store.remove(before.sha256)).toBe(false);
        expect(await store.remove((await store.put(large)).sha256)).toBe(false);
      });
      const left = await listed();
      expect(left).toHaveLength(3);
      for (const sha256 of left) expect(await store.remove(sha256)).toBe(true);
      expect(await listed()).toEqual([]);
    });

    test("work that fails keeps nothing", async () => {
      const file = await fileWith("unwanted");
      const work = store.keeping(async () => {
        await store.put(file);
        throw new Error("cut short");
      });
      await expect(work).rejects.toThrow("cut short");
      for (const sha256 of await listed()) expect(await store.remove(sha256)).toBe(true);
    });

    test("bytes that are put while they are removed are there afterwards", async () => {
      const files = [await fileWith("small"), await fileWith(new Uint8Array(5 * 2 ** 20), "large")];
      for (const file of files)
        for (let round = 0; round < 20; round++) {
          const { sha256 } = await store.put(file);
          await store.keeping(async () => {
            const removed = Promise.all([store.remove(sha256), store.remove(sha256)]);
            for (let turn = 0; turn < round; turn++) await new Promise(setImmediate);
            await Promise.all([store.put(file), removed]);
            expect(await store.has(sha256)).toBe(true);
          });
        }
    });

    test("what is not there is ARTIFACT_MISSING and leaves no file", async () => {
      const folder = temporaryFolder();
      for (const sha256 of ["0".repeat(64), "", "../../etc/passwd", "A".repeat(64)]) {
        expect(await store.has(sha256)).toBe(false);
        await expect(store.materialise(sha256, join(folder, "x"))).rejects.toMatchObject({
          code: "ARTIFACT_MISSING",
        });
      }
      expect(await readdir(folder)).toEqual([]);
    });

    test("removing by something that is no hash removes nothing", async () => {
      const { sha256 } = await store.put(await fileWith("kept"));
      const outside = await fileWith("outside");
      for (const name of ["", "..", `../../${outside}`, sha256.toUpperCase()])
        await store.remove(name);
      expect(await listed()).toEqual([sha256]);
      expect(existsSync(outside)).toBe(true);
    });

    test("damaged bytes are ARTIFACT_DAMAGED where they are verified, and leave no file", async () => {
      const { sha256 } = await store.put(await fileWith("sound"));
      await damage(sha256);
      const folder = temporaryFolder();
      await expect(
        store.materialise(sha256, join(folder, "x"), { verify: true }),
      ).rejects.toMatchObject({ code: "ARTIFACT_DAMAGED" });
      expect(await readdir(folder)).toEqual([]);
    });

    test("links, folders and what is not there are ARTIFACT_REFUSED", async () => {
      const folder = temporaryFolder();
      await writeFile(join(folder, "file"), "secret");
      await symlink(join(folder, "file"), join(folder, "link"));
      await symlink(join(folder, "nowhere"), join(folder, "dangling"));
      await mkdir(join(folder, "folder"));
      for (const name of ["link", "dangling", "folder", "absent"])
        await expect(store.put(join(folder, name)), name).rejects.toMatchObject({
          code: "ARTIFACT_REFUSED",
        });
      expect(await listed()).toEqual([]);
    });
  });
}
