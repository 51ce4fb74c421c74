/** Challenges with real containers: the kit's model and attacks, and such as mean no good. */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChallengeReport } from "../../shared/challenge.ts";
import { decodeNpy } from "../../shared/npy.ts";
import { hasProgram } from "../parts.ts";
import { imageMaker, leftovers, makeImages } from "../support/challenge-images.ts";
import { runCli, startCli } from "../support/cli.ts";
import { openTestCore, until } from "../support/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const timeout = 300_000;

/** Whose containers and networks are: see core/services/challenge/run.ts. */
const labelOf = (data: string) =>
  `gauntlet.challenge-folder=${createHash("sha256").update(realpathSync(data)).digest("hex").slice(0, 32)}`;

describe.skipIf(!hasProgram("docker with torch"))("[docker with torch]", { timeout }, () => {
  const make = imageMaker();
  let work = "";
  let images = "";
  let model = "";
  let noise = "";
  let boundary = "";

  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), "gauntlet-test-"));
    images = makeImages(join(work, "images"), 4);
    model = make.model(images, work);
    noise = make.attack("noise");
    boundary = make.attack("boundary");
  }, timeout);

  afterAll(() => {
    make.remove();
    rmSync(work, { recursive: true, force: true });
  });

  async function challenge(
    attacks: string[],
    more: Partial<{ models: string[]; queries: number; batch: number; secondsPerImage: number }> & {
      setUpSeconds?: number;
      targeted?: boolean;
      folder?: string;
    } = {},
  ): Promise<ChallengeReport> {
    const { client, data } = await openTestCore();
    try {
      return await client.challenge.run({ models: [model], attacks, folder: images, ...more });
    } finally {
      expect(leftovers(labelOf(data))).toEqual([]);
      expect(readdirSync(join(data, "challenges")).filter((name) => name.endsWith(".tmp"))).toEqual(
        [],
      );
    }
  }

  /** An attack that runs `code` for each `name` and `image`, with `model`, and a file's path `out`. */
  const attackOf = (code: string) =>
    make.program(
      noise,
      `import os, sys, time
sys.path.insert(0, "/attack")
import numpy as np
from challenge import Model, QueriesSpent, read_images, store_adversarial
model = Model()
for name, image, label in read_images():
    out = os.path.join(os.environ["OUTPUT_ADVERSARIAL_PATH"], name)
${code.replaceAll(/^/gm, "    ")}`,
    );

  const reasonsOf = ({ pairs }: ChallengeReport) => [
    ...new Set(pairs.flatMap(({ outcomes }) => outcomes.map(({ reason }) => reason))),
  ];

  test("the kit's attacks are scored by what the model says of what they left", async () => {
    const report = await challenge([noise, boundary]);
    const [first, second] = report.pairs;
    expect(report.models[0]).toMatchObject({ image: model, accuracy: 1, top: true });
    expect(second?.outcomes.every(({ outcome }) => outcome === "fooled")).toBe(true);
    expect(second?.median).toBeLessThan(first?.median ?? 0);
    expect(report.attacks.map(({ score }) => score)).toEqual([first?.median, second?.median]);
    expect(report.models[0]?.score).toBeLessThanOrEqual(second?.median ?? 0);
    for (const { queries, label, prediction, distance, image } of second?.outcomes ?? []) {
      expect(queries).toBeGreaterThan(40);
      expect(queries).toBeLessThanOrEqual(1000);
      expect(prediction).not.toBe(label);
      const kept = join(report.folder, "adversarial", "1-2", `${image}.npy`);
      expect(decodeNpy(readFileSync(kept))).toMatchObject({ dtype: "|u1", shape: [64, 64, 3] });
      expect(distance).toBeGreaterThan(0);
    }
    const kept = JSON.parse(readFileSync(join(report.folder, "report.json"), "utf8")) as object;
    expect(kept).toEqual(JSON.parse(JSON.stringify(report)));
  });

  test("a targeted attack has to reach the class of targets.yml", async () => {
    const targeted = make.attack("boundary", { TARGETED: "1" });
    const [pair] = (await challenge([targeted], { targeted: true })).pairs;
    for (const { outcome, target, prediction } of pair?.outcomes ?? [])
      if (outcome === "fooled") expect(prediction).toBe(target);
    const [untargeted] = (await challenge([boundary], { targeted: true })).pairs;
    expect(untargeted?.outcomes.every(({ target }) => target !== null)).toBe(true);
  });

  test.each([
    ["leaves nothing", "pass", "nothing"],
    ["says that it found nothing", "np.save(out, None)", "nothing"],
    ["leaves the image", "np.save(out, image)", "not-adversarial"],
    ["leaves another shape", "np.save(out, image[:32])", "wrong-shape"],
    ["leaves a larger one", "np.save(out, np.zeros((2000, 2000, 3), np.uint8))", "wrong-shape"],
    ["leaves NaN", "np.save(out, image * np.nan)", "wrong-type"],
    ["leaves floats", "np.save(out, image.astype(np.float32))", "wrong-type"],
    ["leaves text", "open(out, 'w').write('adversarial')", "no-array"],
    ["leaves a link", "os.symlink('/etc/passwd', out)", "no-file"],
    ["leaves a link to itself", "os.symlink(out, out)", "no-file"],
    ["leaves a pipe", "os.mkfifo(out)", "no-file"],
    ["leaves a folder without rights", "os.makedirs(out + '/a'); os.chmod(out, 0)", "no-file"],
  ])("an attack that %s counts the worst case", async (_what, code, reason) => {
    const report = await challenge([attackOf(code)], { batch: 4 });
    expect(reasonsOf(report)).toEqual([reason]);
    // Every image is farther from its worst case than half of all values by half.
    expect(report.attacks[0]?.score).toBeGreaterThan(Math.sqrt(64 * 64 * 3) / 2);
    expect(report.pairs[0]?.log).toBe(null);
  });

  test("the quota holds, whatever an attack says, and a batch shares that of its images", async () => {
    const greedy = attackOf(`asked = 0
try:
    while True:
        model.predict(image)
        asked += 1
except QueriesSpent:
    pass
for _ in range(5):
    try:
        model.predict(image)
    except QueriesSpent:
        pass`);
    const [alone] = (await challenge([greedy], { queries: 30 })).pairs;
    expect(alone?.outcomes.map(({ queries }) => queries)).toEqual([30, 30, 30, 30]);
    expect(alone?.refused).toBe(4 * 6);
    const [together] = (await challenge([greedy], { queries: 30, batch: 4 })).pairs;
    expect(together).toMatchObject({ queries: 120, refused: 6 + 3 * 6 });
    expect(together?.outcomes[0]).toMatchObject({ queries: null });
  });

  test.each([
    ["never ends", "while True: time.sleep(1)", "timed-out"],
    [
      "does not want to end",
      "import signal; signal.signal(15, signal.SIG_IGN); time.sleep(999)",
      "timed-out",
    ],
    ["fails", "raise SystemExit('no luck')", "exit-code"],
    ["eats memory", "x = b'x' * 2**33", "out-of-memory"],
    [
      "fills the disk",
      "for i in range(99): open(out + str(i), 'wb').write(bytes(2**23))",
      "output-too-large",
    ],
    [
      "makes files without end",
      "for i in range(10**6): open(out + str(i), 'w')",
      "output-too-large",
    ],
  ])("an attack that %s is ended, and what it left counts all the same", async (...row) => {
    const [, code, ended] = row;
    const slow = ended === "output-too-large" ? `${code}\ntime.sleep(20)` : code;
    const attack = attackOf(`np.save(out, 255 - image)\n${slow}`);
    const report = await challenge([attack], {
      batch: 4,
      secondsPerImage: ended === "timed-out" ? 0.8 : 10,
    });
    const [pair] = report.pairs;
    expect(new Set(pair?.outcomes.map((outcome) => outcome.ended))).toEqual(new Set([ended]));
    expect(pair?.outcomes[0]?.reason).not.toBe("nothing");
    expect(pair?.outcomes[1]?.reason).toBe("nothing");
    if (ended === "exit-code") expect(pair?.log).toContain("no luck");
  });

  test("an attack sees its images and the proxy, and nothing else", async () => {
    const looks = attackOf(`import socket, subprocess
def reach(host, port):
    try:
        socket.create_connection((host, port), 0.5).close()
        return "reached"
    except OSError as error:
        return type(error).__name__
def refused(path):
    try:
        open(path, "w")
        return "written"
    except OSError as error:
        return error.strerror
status = open("/proc/self/status").read().split("\\n")
print("caps", [line.split()[1] for line in status if line.startswith(("CapEff", "CapBnd", "NoNewPrivs"))])
print("root", refused("/here"), "in", refused(os.environ["INPUT_IMG_PATH"] + "/here"))
own = socket.gethostbyname(socket.gethostname()).split(".")
near = [f"{own[0]}.{own[1]}.{int(own[2]) + i}.{j}" for i in (-2, -1, 1, 2) for j in (1, 2)]
print("model", {reach(host, 8989) for host in near})
print("outside", reach("192.0.2.1", 80))
try:
    print("names", socket.gethostbyname("gauntlet-model"))
except OSError:
    print("names none")
print("others", sorted(os.listdir("/challenge/in")))
raise SystemExit(1)`);
    const [pair] = (await challenge([looks], { batch: 4 })).pairs;
    const log = pair?.log ?? "";
    expect(log).toContain("caps ['0000000000000000', '0000000000000000', '1']");
    expect(log).toContain("root Read-only file system in Read-only file system");
    expect(log).toMatch(/^model \{'\w+'(, '\w+')*\}$/m);
    expect(log).not.toContain("reached");
    expect(log).toMatch(/outside (OSError|TimeoutError)/);
    expect(log).toContain("names none");
    expect(log).toMatch(/^others \[(('\w+\.npy'|'labels\.yml')(, )?){5}\]$/m);
  });

  const failing = (code: string, change: object = {}) =>
    challenge([noise], { models: [make.program(model, code)], ...change });

  test("a model that never gets ready is told apart from one that ends before", async () => {
    const silent = "import time; print('thinking', flush=True); time.sleep(999)";
    await expect(failing(silent, { setUpSeconds: 2 })).rejects.toMatchObject({
      data: { code: "CHALLENGE_MODEL_NOT_READY", details: "thinking" },
    });
    await expect(failing("raise SystemExit('no weights')")).rejects.toMatchObject({
      data: {
        code: "CHALLENGE_MODEL_NOT_READY",
        message: expect.stringContaining("exit status 1"),
        details: "no weights",
      },
    });
    const nowhere = make.entryPoint(model, "/no-such-program");
    await expect(challenge([noise], { models: [nowhere] })).rejects.toMatchObject({
      data: {
        code: "CHALLENGE_MODEL_NOT_READY",
        message: expect.stringContaining("exit status 127"),
        details: expect.stringContaining("exec /no-such-program failed: No such file"),
      },
    });
  });

  test.each([
    ["dies", "print('that is enough', flush=True); os._exit(9)", /has ended \(exit status 9\)/],
    ["answers no label", "return 'seven'", /no label/],
    ["hangs up", "raise ValueError('what is this')", /did not answer: socket hang up/],
  ])("a model that %s in the middle ends the challenge", async (_what, code, message) => {
    const program = `import os, sys
sys.path.insert(0, "/model")
import model
asked = 0
right = model.predict
def predict(image):
    global asked
    asked += 1
    if asked > 20:
        ${code}
    return right(image)
model.predict = predict
model.ThreadingHTTPServer(("0.0.0.0", 8989), model.Handler).serve_forever()`;
    await expect(failing(program)).rejects.toMatchObject({
      data: { code: "CHALLENGE_MODEL_FAILED", message: expect.stringMatching(message) },
    });
  });

  test("Ctrl-C leaves nothing, and what a killed core left goes with the next challenge", async () => {
    const data = temporaryFolder();
    const forever = attackOf("time.sleep(999)");
    const args = ["challenge", "run", "--model", model, "--images", images, "--attack"];
    const started = async () => {
      const child = startCli([...args, forever], data);
      // Two networks, a model, an attack.
      await until(async () => leftovers(labelOf(data)).length === 4 && true);
      await sleep(300);
      return child;
    };
    const interrupted = await started();
    const ended = new Promise((resolve) => interrupted.once("exit", resolve));
    interrupted.kill("SIGINT");
    expect(await ended).toBe(5);
    expect(leftovers(labelOf(data))).toEqual([]);
    expect(readdirSync(join(data, "challenges"))).toEqual([]);

    const killed = await started();
    killed.kill("SIGKILL");
    await new Promise((resolve) => killed.once("exit", resolve));
    expect(leftovers(labelOf(data))).toHaveLength(4);
    const { status, stdout, stderr } = await runCli([...args, noise], data);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^model +score +clean$/m);
    expect(leftovers(labelOf(data))).toEqual([]);
    expect(readdirSync(join(data, "challenges"))).toHaveLength(1);
  });
});
