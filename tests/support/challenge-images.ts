/** Docker images and a folder of images for tests of challenges, all of a test's own. */
import { execFileSync, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeNpy } from "../../shared/npy.ts";
import { installationFolder } from "../../core/platform/installation.ts";
import { uniformGenerator } from "../../core/domain/seed.ts";
import { part } from "../parts.ts";

const kit = join(installationFolder, "resources", "kits", "challenge-2018");
const side = 64;
const classes = 4;

/**
 * Photographs of Tiny ImageNet where GAUNTLET_TEST_TINY_IMAGENET names an archive of them, else images of
 * random colours in blocks; with labels.yml and targets.yml.
 */
export function makeImages(folder: string, count: number): string {
  mkdirSync(folder, { recursive: true });
  const archive = process.env["GAUNTLET_TEST_TINY_IMAGENET"];
  if (archive && existsSync(archive)) {
    const wanted = Array.from(
      { length: count },
      (_, i) => `tiny-imagenet-200/val/images/val_${i}.JPEG`,
    );
    const args = ["-I", "zstd", "-xf", archive, "-C", folder, "--strip-components=3", ...wanted];
    if (spawnSync("tar", args).status !== 0) makeBlocks(folder, count);
  } else makeBlocks(folder, count);
  const names = readdirSync(folder).toSorted();
  const list = (shift: number) =>
    names.map((name, i) => `${name}: ${(i + shift) % classes}\n`).join("");
  writeFileSync(join(folder, "labels.yml"), list(0));
  writeFileSync(join(folder, "targets.yml"), list(1));
  return folder;
}

function makeBlocks(folder: string, count: number): void {
  for (let i = 0; i < count; i++) {
    const random = uniformGenerator(i);
    const colours = Float64Array.from({ length: 8 * 8 * 3 }, () => 255 * random());
    const data = new Uint8Array(side * side * 3);
    for (let at = 0; at < data.length; at++) {
      const pixel = Math.floor(at / 3);
      const block = (pixel >> 9) * 8 + ((pixel % side) >> 3);
      data[at] = colours[block * 3 + (at % 3)] ?? 0;
    }
    writeFileSync(
      join(folder, `image_${i}.npy`),
      encodeNpy({ dtype: "|u1", shape: [side, side, 3], data }),
    );
  }
}

const run = (args: string[], input?: string) =>
  execFileSync("docker", args, { encoding: "utf8", input, stdio: ["pipe", "pipe", "pipe"] }).trim();

/** Makes Docker images and removes those that it made. */
export function imageMaker() {
  const made: string[] = [];
  const base = part("docker with torch").at;
  const named = (what: string) => {
    const name = `gauntlet-test/challenge-${what}:${randomUUID().slice(0, 8)}`;
    made.push(name);
    return name;
  };
  return {
    /** The kit's model, fitted to the images. */
    model(images: string, folder: string): string {
      const context = join(folder, "kit");
      cpSync(kit, context, { recursive: true });
      const mounts = ["-v", `${images}:/images:ro`, "-v", `${context}:/kit`, "-w", "/kit"];
      run(["run", "--rm", ...mounts, base, "python3", "fit.py", "/images", "weights.npz"]);
      const name = named("model");
      const file = join(context, "model.Dockerfile");
      run(["build", "-q", "--build-arg", `BASE=${base}`, "-f", file, "-t", name, context]);
      return name;
    },
    /** One of the kit's attacks. */
    attack(attack: string, args: Readonly<Record<string, string>> = {}): string {
      const name = named(attack);
      const given = Object.entries({ BASE: base, ATTACK: attack, ...args });
      const options = given.flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
      run(["build", "-q", ...options, "-f", join(kit, "attack.Dockerfile"), "-t", name, kit]);
      return name;
    },
    /** An image as another one, with a Python program in place of its own. */
    program(from: string, code: string): string {
      const name = named("program");
      const dockerfile = `FROM ${from}\nCMD ${JSON.stringify(["python3", "-c", code])}\n`;
      run(["build", "-q", "-t", name, "-"], dockerfile);
      return name;
    },
    /** An image as another one, with an entry point that need not exist. */
    entryPoint(from: string, program: string): string {
      const name = named("entry");
      run(["build", "-q", "-t", name, "-"], `FROM ${from}\nENTRYPOINT ["${program}"]\n`);
      return name;
    },
    remove(): void {
      for (const name of made.toReversed()) spawnSync("docker", ["rmi", "-f", name]);
    },
  };
}

/** Containers and networks that challenges have, of any data folder named. */
export function leftovers(challenge: string): string[] {
  const label = ["--filter", `label=${challenge}`];
  return [
    ...run(["ps", "-aq", ...label]).split("\n"),
    ...run(["network", "ls", "-q", ...label]).split("\n"),
  ].filter(Boolean);
}
