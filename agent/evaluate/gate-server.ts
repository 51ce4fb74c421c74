/** The gate over HTTP, for attacks that run as programs of their own: the model protocol. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { decodeNpy, decodeNpyAt, encodeNpyHeader, bytesOf, NpyError } from "../../shared/npy.ts";
import type { Npy } from "../../shared/npy.ts";
import { AccessError, CallError, type Gate } from "./gate.ts";

/** A call with more than this is a mistake. */
const longestBody = 2 ** 30;

export type Reply =
  | { json: unknown }
  | { array: Npy }
  /** Nothing to say: status 204. */
  | { empty: true };

/** Answers what the model protocol does not; null where there is nothing at this path. */
export type ExtraRoute = (call: string, body: Uint8Array) => Promise<Reply | null>;

export type GateServer = {
  url: string;
  token: string;
  /** Lets later calls through to this gate. */
  use(gate: Gate): void;
  close(): void;
};

/**
 * Listens on a free port of 127.0.0.1 and answers those who know the token.
 * @param shape one sample's shape
 */
export async function startGateServer(
  shape: number[],
  extra: ExtraRoute = () => Promise.resolve(null),
): Promise<GateServer> {
  const token = randomBytes(24).toString("base64url");
  const expected = Buffer.from(`Bearer ${token}`);
  let gate: Gate | null = null;
  let hosts: string[] = [];

  const answer = async (request: IncomingMessage): Promise<Reply> => {
    // A web page that was tricked into asking 127.0.0.1 brings another Host.
    if (!hosts.includes(request.headers.host ?? "")) throw new Refusal(403, "Wrong host.");
    const given = Buffer.from(request.headers.authorization ?? "");
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      throw new Refusal(401, "Wrong or missing token.");
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const call = `${String(request.method)} ${url.pathname}`;
    const body = await readBody(request);
    if (gate) {
      const reply = await askGate(gate, call, body, parseRows(url.searchParams.get("rows")), shape);
      if (reply) return reply;
    }
    const reply = await extra(call, body);
    if (reply) return reply;
    throw new Refusal(404, `There is nothing at ${call}.`);
  };

  const server = createServer((request, response) => {
    answer(request).then(
      (reply) => send(response, reply),
      (error: unknown) => sendError(response, error),
    );
  });
  // An attack may think for as long as it likes between two calls.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    use: (next) => {
      gate = next;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function askGate(
  gate: Gate,
  call: string,
  body: Uint8Array,
  rows: number[] | undefined,
  shape: number[],
): Promise<Reply | null> {
  const { classes } = gate;
  switch (call) {
    case "GET /":
      return { json: { classes, access: gate.access } };
    case "POST /logits": {
      const data = await gate.logits(floatRows(decodeNpy(body), shape), rows);
      return { array: { dtype: "<f4", shape: [data.length / classes, classes], data } };
    }
    case "POST /predict": {
      const data = await gate.predict(floatRows(decodeNpy(body), shape), rows);
      return { array: { dtype: "<i4", shape: [data.length], data } };
    }
    case "POST /vjp": {
      const x = decodeNpyAt(body, 0);
      const d = decodeNpyAt(body, x.end);
      if (d.end !== body.length) throw new CallError("vjp: the body is longer than two arrays.");
      const xRows = floatRows(x.array, shape);
      const data = await gate.vjp(xRows, floatRows(d.array, [classes]), rows);
      return { array: { dtype: "<f4", shape: x.array.shape, data } };
    }
    default:
      return null;
  }
}

/** The values of a float32 array of shape (m, ...shape). */
export function floatRows(array: Npy, shape: number[]): Float32Array {
  if (array.dtype !== "<f4")
    throw new CallError(`The array holds ${array.dtype}; float32 (<f4) is right.`);
  if (String(array.shape.slice(1)) !== String(shape) || array.shape.length === 0)
    throw new CallError(`The array has shape (${array.shape}); (m, ${shape}) is right.`);
  return array.data;
}

function parseRows(text: string | null): number[] | undefined {
  if (text === null) return undefined;
  if (!/^\d{1,9}(,\d{1,9})*$/.test(text))
    throw new CallError("rows is a list of sample numbers such as 0,1,1,2.");
  return text.split(",").map(Number);
}

/** Into one buffer of the announced length, so that arrays in it are aligned and not copied. */
async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  if (request.method === "GET") return new Uint8Array();
  const length = Number(request.headers["content-length"]);
  if (!Number.isInteger(length)) throw new Refusal(411, "Content-Length is missing.");
  if (length > longestBody) throw new Refusal(413, `The body is over ${longestBody} bytes.`);
  const body = new Uint8Array(length);
  let at = 0;
  for await (const chunk of request) {
    const bytes: Uint8Array = chunk;
    body.set(bytes, at);
    at += bytes.length;
  }
  return body;
}

function send(response: ServerResponse, reply: Reply): void {
  if ("empty" in reply) {
    response.writeHead(204).end();
  } else if ("json" in reply) {
    sendJson(response, 200, reply.json);
  } else {
    const { dtype, shape, data } = reply.array;
    const header = encodeNpyHeader(dtype, shape);
    const bytes = bytesOf(data);
    response.writeHead(200, {
      "content-type": "application/octet-stream",
      "content-length": header.length + bytes.length,
    });
    response.write(header);
    response.end(bytes);
  }
}

function sendError(response: ServerResponse, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  // A body that was not read to its end cannot be followed by another call.
  if (error instanceof Refusal) response.setHeader("connection", "close");
  sendJson(response, statusOf(error), { error: message });
}

function statusOf(error: unknown): number {
  if (error instanceof Refusal) return error.status;
  if (error instanceof AccessError) return 403;
  if (error instanceof CallError || error instanceof NpyError) return 400;
  return 502;
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  response
    .writeHead(status, { "content-type": "application/json", "content-length": body.length })
    .end(body);
}
