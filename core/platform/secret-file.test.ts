import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { createSecretFile } from "./secret-file.ts";

const clock = { now: () => 7 };

function open() {
  const path = join(temporaryFolder(), "secrets.json");
  return { path, store: createSecretFile(path, clock, null) };
}

test("what is kept is there again, told by name and date alone, in a file of the owner's", async () => {
  const { path, store } = open();
  expect(await store.list()).toEqual([]);
  expect(await store.get("__proto__")).toBe(null);
  await Promise.all([store.set("B", "two\n"), store.set("A", "one"), store.set("C", "three")]);
  expect(await store.list()).toEqual(["A", "B", "C"].map((name) => ({ name, setAt: 7 })));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await createSecretFile(path, clock, null).get("B")).toBe("two\n");
  expect(await store.remove("A")).toBe(true);
  expect(await store.remove("A")).toBe(false);
  expect(await store.get("A")).toBe(null);
  expect(readFileSync(path, "utf8")).not.toContain("one");
});

test.skipIf(process.platform === "win32")("a file that others can read is not used", async () => {
  const { path, store } = open();
  await store.set("A", "one");
  chmodSync(path, 0o640);
  const uses = [
    () => store.list(),
    () => store.get("A"),
    () => store.set("B", "two"),
    () => store.remove("A"),
  ];
  for (const use of uses) await expect(use()).rejects.toMatchObject({ code: "SECRETS_EXPOSED" });
  chmodSync(path, 0o600);
  expect(await store.get("A")).toBe("one");
});

test("what is no file of secrets is said, without a piece of it", async () => {
  const { path, store } = open();
  writeFileSync(path, '{"schema":1,"secrets":{"A": hunter2hunter2', { mode: 0o600 });
  const error: unknown = await store.get("A").catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "SECRETS_UNREADABLE" });
  expect(JSON.stringify([error, (error as Error).message, (error as Error).cause])).not.toContain(
    "hunter2",
  );
  const other = open();
  mkdirSync(other.path);
  await expect(other.store.list()).rejects.toMatchObject({ code: "SECRETS_UNREADABLE" });
  const link = open();
  symlinkSync(path, link.path);
  await expect(link.store.list()).rejects.toMatchObject({ code: "SECRETS_UNREADABLE" });
});

test("sealed values are opened with their seal alone", async () => {
  const { path, store } = open();
  const seal = {
    close: (value: string, name: string) => [...`${name}:${value}`].reverse().join(""),
    open: (sealed: string, name: string) =>
      [...sealed]
        .reverse()
        .join("")
        .slice(name.length + 1),
  };
  await createSecretFile(path, clock, seal).set("A", "hunter2hunter2");
  expect(readFileSync(path, "utf8")).not.toContain("hunter2");
  expect(await createSecretFile(path, clock, seal).get("A")).toBe("hunter2hunter2");
  await expect(store.get("A")).rejects.toMatchObject({ code: "SECRET_SEALED" });
  expect(await store.list()).toHaveLength(1);
});
