/** The desktop window over a data folder, in a real Electron, as `npm start` opens it. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { _electron, type ElectronApplication, type Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { part } from "../parts.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** For whatever a window may come to hang at, ms: the test's own limit would leave it running. */
const deadline = 60_000;

/** How the window is started over a data folder. */
export function programFor(data: string) {
  return {
    command: part("electron").at,
    // Only here: in a container Chromium's own sandbox cannot be set up.
    args: ["--no-sandbox", root, "--data", data],
    env: {
      ...process.env,
      DISPLAY: process.env["TESTWORLD_DISPLAY"] ?? process.env["DISPLAY"] ?? "",
      GAUNTLET_NODE: process.execPath,
    },
  };
}

export type Desktop = {
  app: ElectronApplication;
  page: Page;
  /** What failed on the page so far. */
  problems: readonly string[];
  /** Starts the program once more with these arguments and gives its exit status. */
  startAgain(...args: string[]): Promise<number | null>;
  /** Quits as the menu does, and waits for the end. */
  quit(): Promise<void>;
};

/** How long one start may take, ms, and how often it is tried: now and then the driver hears nothing. */
const oneStart = 25_000;
const starts = 3;

async function launch(options: {
  executablePath: string;
  args: string[];
  env: NodeJS.ProcessEnv;
}): Promise<ElectronApplication> {
  for (let attempt = 1; ; attempt++)
    try {
      // What the driver gave up it has killed.
      return await _electron.launch({
        ...options,
        env: options.env as Record<string, string>,
        timeout: oneStart,
      });
    } catch (error) {
      if (attempt === starts) throw error;
    }
}

/** `waitsFor` is the text by which the page is known to be there, where it is not the app's usual. */
export async function openDesktop(
  data: string,
  { waitsFor }: { waitsFor?: string } = {},
): Promise<Desktop> {
  const { command, args, env } = programFor(data);
  const app = await launch({ executablePath: command, args, env });
  const main = app.process();
  const ended = new Promise<void>((resolve) => main.once("exit", () => resolve()));
  onTestFinished(async () => {
    if (main.exitCode === null && main.signalCode === null) {
      // The host and the core end with it: each sees its input close.
      main.kill("SIGKILL");
      await ended;
    }
  });
  const page = await app.firstWindow({ timeout: deadline });
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  await (
    waitsFor === undefined
      ? page.getByRole("navigation", { name: "Pages" })
      : page.getByText(waitsFor)
  ).waitFor();
  return {
    app,
    page,
    problems,
    startAgain: (...more) =>
      new Promise((resolve, reject) => {
        const child = spawn(command, [...args, ...more], {
          env,
          stdio: "ignore",
          timeout: deadline,
        });
        child.once("error", reject);
        child.once("exit", resolve);
      }),
    async quit() {
      await app.evaluate(({ app: program }) => program.quit());
      await ended;
    },
  };
}
