/**
 * What an attack takes for the model. It counts the queries and enforces the quota, so that neither has
 * to be taken on the attack's word, and hands on labels and nothing else.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ModelClient } from "./model-client.ts";
import {
  bsonType,
  type ByteImage,
  decodeQuestion,
  encodeAnswer,
  longestQuestion,
  ProtocolError,
} from "./protocol.ts";

/** Connections that an attack may hold at a time, and how long one may take to ask, ms. */
const mostConnections = 32;
const askPatience = 30_000;

export type ProxyCounts = {
  /** Questions that the model was asked. */
  queries: number;
  /** Questions beyond the quota, which it was not asked. */
  refused: number;
  /** Questions that were none: no image of bytes, or of another shape. They cost nothing. */
  malformed: number;
};

export type Proxy = {
  port: number;
  counts(): ProxyCounts;
  /** Ends all connections. Done when nothing is asked any more. */
  close(): Promise<void>;
};

export type ProxyOptions = {
  /** The address to listen on, of which no other machine and no other container knows. */
  host: string;
  model: ModelClient;
  /** The images that are attacked: questions have the shape of one of them. */
  images: readonly ByteImage[];
  /** Queries for all of the images together. */
  quota: number;
  /** Hears of a model that gave no label. */
  onFault: (error: unknown) => void;
};

/** Listens on a free port. */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const { host, model, images, quota, onFault } = options;
  const shapes = new Set(images.map(({ shape }) => shape.join()));
  const most = longestQuestion(Math.max(...images.map(({ data }) => data.length)));
  const counts: ProxyCounts = { queries: 0, refused: 0, malformed: 0 };
  /** Models were promised one image at a time. */
  let last: Promise<unknown> = Promise.resolve();
  let isOpen = true;

  async function predict(bytes: Buffer, answer: ServerResponse): Promise<void> {
    const image = decodeQuestion(bytes);
    if (!shapes.has(image.shape.join()))
      throw new ProtocolError(`An image of shape (${image.shape.join(", ")}) is none of these.`);
    // Before the model is asked: questions that come side by side must not share the last query.
    if (counts.queries >= quota) {
      counts.refused++;
      say(answer, 429, `The ${quota} queries are spent.`);
      return;
    }
    counts.queries++;
    const turn = last.then(() => (isOpen ? model.predict(image) : Promise.reject(closed)));
    last = turn.catch(() => undefined); // The next question has its own luck.
    let label: number;
    try {
      label = await turn;
    } catch (error) {
      if (isOpen) onFault(error);
      say(answer, 502, "The model gave no label.");
      return;
    }
    answer.writeHead(200, { "Content-Type": bsonType }).end(encodeAnswer(label));
  }

  async function handle(question: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { pathname } = new URL(question.url ?? "/", "http://model");
    if (question.method === "GET" && (pathname === "/" || pathname === "/server_version")) {
      say(answer, 200, "NIPS 2018 Adversarial Vision Challenge Model Server");
    } else if (question.method === "POST" && pathname === "/predict") {
      const bytes = await bodyOf(question, most);
      if (bytes) await predict(bytes, answer);
      else {
        counts.malformed++;
        answer.shouldKeepAlive = false;
        say(answer, 413, "No image is that large.");
      }
    } else say(answer, 404, "There is GET / and POST /predict.");
  }

  const server = createServer({ requestTimeout: askPatience }, (question, answer) => {
    // The machine itself has no business here: on the network there is only the attack.
    if (question.socket.remoteAddress === host && host !== "127.0.0.1") {
      question.socket.destroy();
      return;
    }
    handle(question, answer).catch((error: unknown) => {
      if (!(error instanceof ProtocolError) && !question.destroyed) {
        question.destroy();
        return;
      }
      counts.malformed++;
      say(answer, 400, error instanceof Error ? error.message : "");
    });
  });
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    counts: () => ({ ...counts }),
    async close() {
      isOpen = false;
      const done = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([done, last]);
    },
  };
}

const closed = new Error("the proxy is closed");

function say(answer: ServerResponse, status: number, text: string): void {
  if (!answer.headersSent)
    answer.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}

/** Null where there is more than `most` bytes of it. */
async function bodyOf(question: IncomingMessage, most: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of question) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > most) return null;
  }
  return Buffer.concat(chunks);
}
