import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeNpy, encodeNpy } from "../../shared/npy.ts";
import type { Model } from "../model/model.ts";
import { ModelError } from "../model/model.ts";
import { Gate } from "./gate.ts";
import type { GateServer } from "./gate-server.ts";
import { startGateServer } from "./gate-server.ts";

/** Two classes, two values per sample; the logits are the sample, the gradient is the cotangent. */
const model: Model = {
  classes: 2,
  logits: async (x) => {
    if (x.includes(0.125)) throw new ModelError("out of paper");
    return x.slice();
  },
  vjp: async (_, d) => d.slice(),
  gone: () => null,
  close: () => Promise.resolve(),
};
const x = Float32Array.of(0.1, 0.9, 0.8, 0.2);

let server: GateServer;
beforeAll(async () => {
  server = await startGateServer([2]);
});
afterAll(() => server.close());

function useGate(access: "white-box" | "decision-based" = "white-box"): Gate {
  const rules = { access, norm: "l2", queries: null, size: 2 } as const;
  const gate = new Gate(model, { ...rules, bounds: [0, 1] }, x, Int32Array.of(1, 0));
  server.use(gate);
  return gate;
}

const rowsOf = (data: Float32Array) =>
  encodeNpy({ dtype: "<f4", shape: [data.length / 2, 2], data });

type CallOptions = { headers?: Record<string, string>; method?: string };

function call(path: string, body?: Uint8Array, options: CallOptions = {}) {
  const { method = body ? "POST" : "GET", headers = {} } = options;
  return new Promise<{ status: number; bytes: Buffer }>((resolve, reject) => {
    const asked = request(
      `${server.url}${path}`,
      { method, headers: { authorization: `Bearer ${server.token}`, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(chunks) }),
        );
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
}

const errorOf = ({ bytes }: { bytes: Buffer }): unknown => JSON.parse(bytes.toString());

describe("the model protocol", () => {
  test("tells classes and access", async () => {
    useGate("decision-based");
    const answer = await call("/");
    expect(errorOf(answer)).toEqual({ classes: 2, access: "decision-based" });
  });

  test("answers arrays with arrays, and counts the rows for their samples", async () => {
    const gate = useGate();
    const logits = decodeNpy((await call("/logits", rowsOf(x))).bytes);
    expect(logits).toEqual({ dtype: "<f4", shape: [2, 2], data: x });
    const predictions = decodeNpy((await call("/predict?rows=1,1", rowsOf(x))).bytes);
    expect(predictions).toEqual({ dtype: "<i4", shape: [2], data: Int32Array.of(1, 0) });
    const d = Float32Array.of(1, 2, 3, 4);
    const both = Buffer.concat([rowsOf(x), rowsOf(d)]);
    expect(decodeNpy((await call("/vjp", both)).bytes)).toMatchObject({ shape: [2, 2], data: d });
    expect(gate.accounts).toMatchObject([
      { forwards: 1, backwards: 1 },
      { forwards: 3, backwards: 1 },
    ]);
  });
});

describe("refused, with a status and a sentence, is", () => {
  const odd = encodeNpy({ dtype: "<f4", shape: [1, 3], data: new Float32Array(3) });
  const double = encodeNpy({ dtype: "<f8", shape: [1, 2], data: new Float64Array(2) });
  test.each<[string, string, Uint8Array | undefined, CallOptions, number, RegExp]>([
    ["a call without the token", "/", undefined, { headers: { authorization: "" } }, 401, /token/],
    ["a wrong token", "/", undefined, { headers: { authorization: "Bearer x" } }, 401, /token/],
    ["another host", "/", undefined, { headers: { host: "gauntlet.example" } }, 403, /host/],
    ["what is not there", "/weights", undefined, {}, 404, /nothing at GET \/weights/],
    ["another method", "/logits", undefined, { method: "GET" }, 404, /GET \/logits/],
    ["no array", "/logits", Buffer.from("hello, is anybody there"), {}, 400, /not a .npy array/],
    ["a wrong shape", "/logits", odd, {}, 400, /\(m, 2\) is right/],
    ["a wrong type", "/logits", double, {}, 400, /float32/],
    ["half a vjp", "/vjp", rowsOf(x), {}, 400, /too short/],
    ["rows that are none", "/logits?rows=a", rowsOf(x), {}, 400, /rows is a list/],
    ["a sample that is not there", "/logits?rows=0,7", rowsOf(x), {}, 400, /samples 0 to 1/],
  ])("%s", async (_, path, body, options, status, message) => {
    useGate();
    const answer = await call(path, body, options);
    expect(answer.status).toBe(status);
    expect(errorOf(answer)).toEqual({ error: expect.stringMatching(message) });
  });

  test("what the access does not allow", async () => {
    useGate("decision-based");
    expect(await call("/logits", rowsOf(x))).toMatchObject({ status: 403 });
    expect(await call("/vjp", Buffer.concat([rowsOf(x), rowsOf(x)]))).toMatchObject({
      status: 403,
    });
    expect(await call("/predict", rowsOf(x))).toMatchObject({ status: 200 });
  });

  test("a body beyond all measure, before it comes", async () => {
    useGate();
    const { port } = new URL(server.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(
      `POST /logits HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
        `Authorization: Bearer ${server.token}\r\nContent-Length: 9999999999\r\n\r\n`,
    );
    const answer = await new Promise<string>((resolve, reject) => {
      socket.once("data", (chunk) => resolve(String(chunk)));
      socket.once("error", reject);
    });
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });
});

test("a model that fails is told of, and the next call is answered", async () => {
  useGate();
  const answer = await call("/logits", rowsOf(Float32Array.of(0.125, 0, 0, 0)));
  expect(answer.status).toBe(502);
  expect(errorOf(answer)).toEqual({ error: "out of paper" });
  expect(await call("/logits", rowsOf(x))).toMatchObject({ status: 200 });
});
