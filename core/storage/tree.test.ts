import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import type { TreeFile } from "../domain/tree.ts";
import { createLocalStore, type LocalStore } from "./local-store.ts";
import { createTreeStore, materialiseTree, putTree, treeHash } from "./tree.ts";

let store: LocalStore;
beforeEach(() => {
  store = createLocalStore(join(temporaryFolder(), "artifacts"));
});

function folderWith(files: Record<string, string>): string {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

const refused = expect.objectContaining({ code: "ARTIFACT_REFUSED" });
const damaged = expect.objectContaining({ code: "ARTIFACT_DAMAGED" });

/** A manifest whose hash fits its files, whatever they say. */
function manifestOf(files: TreeFile[]) {
  return { hash: treeHash(files), files };
}

test("a folder comes back as it was, with odd names and executable files", async () => {
  const files = {
    "train.py": "print(1)\n",
    "src/deep/model.ts": "export {};\n",
    "a\nb \t'\"$x": "newline",
    "ünïcode/日本‮.txt": "odd",
    "-rf": "dash",
    "..hidden": "two dots are no parent",
    ".gauntlet": "",
  };
  const folder = folderWith(files);
  chmodSync(join(folder, "train.py"), 0o755);
  const tree = await putTree(store, folder, Object.keys(files));
  expect(tree.files.map(({ path }) => path)).toEqual(Object.keys(files).toSorted());
  const target = join(temporaryFolder(), "copy");
  await materialiseTree(store, tree, target);
  for (const [path, content] of Object.entries(files))
    expect(readFileSync(join(target, path), "utf8"), path).toBe(content);
  expect(statSync(join(target, "train.py")).mode & 0o111).not.toBe(0);
  expect(statSync(join(target, "src/deep/model.ts")).mode & 0o111).toBe(0);
  expect(await putTree(store, target, Object.keys(files))).toEqual(tree);
});

test("an empty folder is a tree", async () => {
  const trees = createTreeStore(store);
  const tree = await trees.put(temporaryFolder(), []);
  const target = join(temporaryFolder(), "copy");
  await trees.materialise(tree, target);
  expect(tree.files).toEqual([]);
  expect(readdirSync(target)).toEqual([]);
});

describe("the hash", () => {
  test("does not depend on the order of listing, on doubles or on the folder", async () => {
    const files = { b: "2", a: "1", "a-b": "3" };
    const first = await putTree(store, folderWith(files), ["b", "a", "a-b", "a"]);
    const second = await putTree(store, folderWith(files), ["a-b", "a", "b"]);
    expect(second).toEqual(first);
  });

  test("changes with names, contents and the right to execute, and cannot be forged", async () => {
    const base = { path: "a", sha256: "0".repeat(64), size: 1, executable: false };
    const line = JSON.stringify(["b", base.sha256, false]);
    const hashes = [
      [],
      [base],
      [{ ...base, path: "b" }],
      [{ ...base, sha256: "1".repeat(64) }],
      [{ ...base, executable: true }],
      [base, { ...base, path: "b" }],
      [{ ...base, path: `a"]\n${line}` }],
    ].map(treeHash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe("links", () => {
  test("one that stays inside is kept as the file that it points to", async () => {
    const folder = folderWith({ "data/real": "content" });
    symlinkSync("data/real", join(folder, "link"));
    symlinkSync("data", join(folder, "short"));
    const tree = await putTree(store, folder, ["link", "short/real"]);
    const target = join(temporaryFolder(), "copy");
    await materialiseTree(store, tree, target);
    expect(readFileSync(join(target, "link"), "utf8")).toBe("content");
    expect(statSync(join(target, "short")).isDirectory()).toBe(true);
  });

  test.each(["link", "folder/secret", "dangling", "data"])("%s is refused", async (path) => {
    const outside = folderWith({ secret: "s" });
    const folder = folderWith({ "real/file": "x" });
    symlinkSync(join(outside, "secret"), join(folder, "link"));
    symlinkSync(outside, join(folder, "folder"));
    symlinkSync("nowhere", join(folder, "dangling"));
    symlinkSync("real", join(folder, "data"));
    await expect(putTree(store, folder, ["real/file", path])).rejects.toEqual(refused);
  });

  test("the folder itself may be reached over a link", async () => {
    const folder = folderWith({ a: "1" });
    const link = join(temporaryFolder(), "link");
    symlinkSync(folder, link);
    expect((await putTree(store, link, ["a"])).files).toHaveLength(1);
  });
});

describe("paths", () => {
  const wrong = [
    "",
    "/etc/passwd",
    "../x",
    "a/../../x",
    "a/..",
    "a\0b",
    "./a",
    "a//b",
    "a/",
    "\ud800",
  ];
  wrong.push("..\\x", "a\\..\\..\\x", "\\\\host\\x");

  test.each(wrong)("%j is refused when kept and when given back", async (path) => {
    await expect(putTree(store, folderWith({ a: "1" }), [path])).rejects.toEqual(refused);
    const { files } = await putTree(store, folderWith({ a: "1" }), ["a"]);
    const target = join(temporaryFolder(), "inner", "copy");
    const forged = manifestOf(files.map((file) => ({ ...file, path })));
    await expect(materialiseTree(store, forged, target)).rejects.toEqual(refused);
    expect(existsSync(target)).toBe(false);
  });

  test("a name cannot be both a file and a folder, or stand twice", async () => {
    const file = { path: "a", sha256: "0".repeat(64), size: 1, executable: false };
    for (const files of [
      [file, { ...file, path: "a/b" }],
      [file, file],
    ])
      await expect(
        materialiseTree(store, manifestOf(files), join(temporaryFolder(), "copy")),
      ).rejects.toEqual(refused);
  });

  test("a file that is not there is refused", async () => {
    await expect(putTree(store, temporaryFolder(), ["absent"])).rejects.toEqual(refused);
  });
});

describe("giving back", () => {
  test("damaged bytes and a damaged list are found out", async () => {
    const tree = await putTree(store, folderWith({ a: "sound" }), ["a"]);
    const target = () => join(temporaryFolder(), "copy");
    const renamed = { ...tree, files: tree.files.map((file) => ({ ...file, path: "b" })) };
    await expect(materialiseTree(store, renamed, target())).rejects.toEqual(damaged);
    const stored = store.pathOf(tree.files[0]?.sha256 ?? "");
    chmodSync(stored, 0o644);
    writeFileSync(stored, "SOUND");
    await expect(materialiseTree(store, tree, target())).rejects.toEqual(damaged);
  });

  test("bytes that are gone are ARTIFACT_MISSING", async () => {
    const tree = await putTree(store, folderWith({ a: "1", b: "2" }), ["a", "b"]);
    await store.remove(tree.files[1]?.sha256 ?? "");
    await expect(
      materialiseTree(store, tree, join(temporaryFolder(), "copy")),
    ).rejects.toMatchObject({ code: "ARTIFACT_MISSING" });
  });

  test("a folder that holds something is left alone", async () => {
    const tree = await putTree(store, folderWith({ a: "1" }), ["a"]);
    const target = folderWith({ a: "mine" });
    await expect(materialiseTree(store, tree, target)).rejects.toThrow(/not empty/);
    expect(readFileSync(join(target, "a"), "utf8")).toBe("mine");
  });
});
