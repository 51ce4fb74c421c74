import { createInterface } from "node:readline";
import { Command, InvalidArgumentError } from "commander";
import { networkFileSystemOf } from "../../core/platform/data-folder.ts";
import { findOpener, openInBrowser } from "../browser.ts";
import { buildDesktop, findDesktop, openDesktop } from "../desktop.ts";
import { dataFolderOf, wantsJson } from "../context.ts";
import { example } from "../example.ts";
import { builtPages } from "../pages.ts";
import { bold, dim, printJson, printLine } from "../terminal.ts";

type ServeOptions = {
  port: number;
  host: string;
  open?: boolean;
  /** Why this is not the desktop window. */
  noWindow?: string | null;
};

const loopback = ["127.0.0.1", "::1", "localhost"];

export function serveCommand(): Command {
  return new Command("serve")
    .description("the app in a browser: prints a link that opens it once")
    .option("--port <number>", "listen on this port (default: a free one)", readPort, 0)
    .option("--host <address>", "listen on another interface than this machine's own", "127.0.0.1")
    .option("--open", "open the browser")
    .addHelpText(
      "after",
      example("gauntlet serve --port 8765", "ssh -L 8765:127.0.0.1:8765 workstation"),
    )
    .action((options: ServeOptions, command: Command) => serve(options, command));
}

export function startCommand(): Command {
  return new Command("start")
    .description("open the app")
    .addHelpText("after", example("gauntlet start"))
    .action((_options: object, command: Command) => start(command));
}

/** Opens the window where there can be one, else the browser, and says why. */
async function start(command: Command): Promise<void> {
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  const isRoot = process.getuid?.() === 0;
  const desktop = await findDesktop(process.platform, process.env, isRoot, say);
  let reason: string | null = "reason" in desktop ? desktop.reason : null;
  if ("electron" in desktop) {
    await builtPages();
    reason = await buildDesktop();
    if (reason === null) {
      say(`Opening the window with ${desktop.electron}.`);
      reason = await openDesktop(desktop.electron, dataFolderOf(command));
      if (reason === null) return;
    }
  }
  await serve({ port: 0, host: "127.0.0.1", open: true, noWindow: reason }, command);
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("A port is a number from 0 to 65535.");
}

/** Serves the app until it is told to end; jobs go on after that. */
async function serve(
  { port, host, open, noWindow }: ServeOptions,
  command: Command,
): Promise<void> {
  const data = dataFolderOf(command);
  const json = wantsJson(command);
  const pages = await builtPages();
  // The whole core, which --help need not wait for.
  const [{ openFolder }, { listenOnWeb }] = await Promise.all([
    import("../../core/open-folder.ts"),
    import("../../core/api/web/server.ts"),
  ]);
  const folder = await openFolder(data, {
    onTaken: () => warn("the process that owned the data folder has ended; this one goes on."),
    onError: (error) =>
      warn(
        `the data folder cannot be taken over: ${error instanceof Error ? error.message : String(error)}`,
      ),
  });
  try {
    const { answer } = folder;
    const client = folder.client();
    const server = await listenOnWeb({ answer, pages, host, port });
    if (!loopback.includes(host))
      warn(
        `listening on ${host}: nothing is encrypted, and whoever has the link or reads the network ` +
          "can run programs here. ssh -L is the safe way.",
      );
    const network = networkFileSystemOf(data);
    if (network)
      warn(`${data} is on a network file system (${network}), where SQLite's locks are not safe`);
    // What an earlier core left in the queue goes on.
    const { runs, evaluations } = await client.work.resume({});
    const link = server.newLink();
    if (json) printJson({ link, port: server.port, data, pid: process.pid });
    else {
      printLine(`${bold("Gauntlet")} ${dim(`on ${data}`)}`);
      printLine(`  ${link}`);
      const unfinished = runs.length + evaluations.length;
      if (unfinished > 0) printLine(dim(`  ${unfinished} unfinished runs and evaluations go on.`));
      if (folder.isShared)
        printLine(
          dim("  Another Gauntlet owns the data folder; when it ends, this one takes over."),
        );
      if (open) printLine(dim(`  ${await openLink(link, noWindow)}`));
      printLine(dim("  The link works once. Enter: a new link. Ctrl-C: end; jobs go on."));
    }
    // Wakes the reader before the first page asks.
    const firstPage = client.runs.table({ sort: [{ field: "created", descending: true }] });
    Promise.all([client.runs.fields({}), firstPage]).catch((error: unknown) => warn(String(error)));
    const ended = untilSignal();
    const input = json ? undefined : offerLinks(() => server.newLink());
    await ended;
    input?.close();
    await server.close();
  } finally {
    await folder.close();
  }
}

function warn(text: string): void {
  process.stderr.write(`warning: ${text}\n`);
}

/** Opens the browser where there is one; says what was done and why. */
async function openLink(link: string, noWindow: string | null = null): Promise<string> {
  const window = noWindow === null ? "" : `There is no desktop window: ${noWindow}. `;
  const opener = findOpener(process.platform, process.env);
  const problem = "reason" in opener ? opener.reason : await openInBrowser(opener, link);
  if (problem !== null) return `${window}No browser was opened: ${problem}. Open the link.`;
  return `${window}It opened in the browser.`;
}

/** Prints a new link at each Enter, where a person is at the terminal. */
function offerLinks(newLink: () => string): { close(): void } | undefined {
  if (process.stdin.isTTY !== true) return undefined;
  const lines = createInterface({ input: process.stdin });
  lines.on("line", () => printLine(`  ${newLink()}`));
  return lines;
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.once(signal, () => resolve());
  });
}
