import { join } from "node:path";
import {
  MessageChannelMain,
  type UtilityProcess,
  utilityProcess,
  type WebContents,
} from "electron";
import type { CoreNote } from "../../shared/core-notes.ts";
import { channels, type HostOrder } from "../channels.ts";

/** Wait before a host that died is started again, ms. */
const pause = 500;
/** How long a core may take to finish before the app ends without it, ms. */
const longestDrain = 30_000;

export type Host = {
  /** Gives a page a port to the core. */
  connect(page: WebContents): void;
  /** Lets the core finish what it is at; resolves when it has ended, or takes too long. */
  end(): Promise<void>;
};

/** Keeps the host running (electron/host), which keeps the core running. */
export function startHost(options: {
  node: string;
  script: string;
  data: string;
  /** In Base64; null for none. */
  secretsKey: string | null;
  onNote(note: CoreNote): void;
}): Host {
  const { node, script, data, secretsKey, onNote } = options;
  /** Pages that were given a port and are still there. */
  const pages = new Set<WebContents>();
  let isEnding = false;
  let child = start();

  function start(): UtilityProcess {
    const made = utilityProcess.fork(join(__dirname, "host.cjs"), [node, script, data], {
      serviceName: "Gauntlet host",
    });
    const first: HostOrder = { secretsKey };
    made.postMessage(first);
    made.on("message", (note: CoreNote) => onNote(note));
    made.once("exit", () => {
      if (isEnding) return;
      // Its core ends with it, and so do its ports, which not every Chromium tells the other end.
      setTimeout(() => {
        child = start();
        for (const page of pages) page.send(channels.lost);
      }, pause);
    });
    return made;
  }

  const order = (what: HostOrder) => child.postMessage(what);
  return {
    connect(page) {
      const { port1, port2 } = new MessageChannelMain();
      const what: HostOrder = "page";
      child.postMessage(what, [port1]);
      page.postMessage(channels.port, null, [port2]);
      if (pages.has(page)) return;
      pages.add(page);
      page.once("destroyed", () => pages.delete(page));
    },
    end() {
      isEnding = true;
      if (child.pid === undefined) return Promise.resolve();
      const gone = new Promise<void>((resolve) => {
        child.once("exit", () => resolve());
        setTimeout(resolve, longestDrain);
      });
      order("end");
      return gone;
    },
  };
}
