import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { createModelClient } from "./model-client.ts";
import { decodeAnswer, decodeQuestion, encodeAnswer, encodeQuestion } from "./protocol.ts";
import { startProxy } from "./proxy.ts";

const image = (value: number) => ({ shape: [2, 2, 3], data: new Uint8Array(12).fill(value) });

/** A model whose label is an image's first value; `answer` makes it misbehave. */
async function startModel(
  answer?: (label: number) => { status?: number; body?: Uint8Array } | null,
) {
  let atOnce = 0;
  let most = 0;
  const server = createServer((question, response) => {
    if (question.method === "GET") return void response.end("here");
    const chunks: Buffer[] = [];
    question.on("data", (chunk: Buffer) => chunks.push(chunk));
    const reply = async () => {
      most = Math.max(most, ++atOnce);
      await sleep(5);
      atOnce--;
      const label = decodeQuestion(Buffer.concat(chunks)).data[0] ?? 0;
      const { status = 200, body = encodeAnswer(label) } = answer?.(label) ?? {};
      response.writeHead(status).end(body);
    };
    question.on("end", () => void reply());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { client: createModelClient("127.0.0.1", port), mostAtOnce: () => most };
}

async function proxyOf(quota: number, answer?: Parameters<typeof startModel>[0]) {
  const { client, mostAtOnce } = await startModel(answer);
  const faults: string[] = [];
  const proxy = await startProxy({
    host: "127.0.0.1",
    model: client,
    images: [image(0)],
    quota,
    onFault: (error) => faults.push(String(error)),
  });
  onTestFinished(() => proxy.close());
  const post = async (body: Uint8Array, path = "/predict") => {
    const reply = await fetch(`http://127.0.0.1:${proxy.port}${path}`, {
      method: "POST",
      body: Buffer.from(body),
    });
    return { status: reply.status, body: Buffer.from(await reply.arrayBuffer()) };
  };
  return { proxy, post, faults, mostAtOnce };
}

test("labels come through, one question at a time, and no more than the quota", async () => {
  const { proxy, post, mostAtOnce } = await proxyOf(5);
  const replies = await Promise.all(
    [1, 2, 3, 4, 5, 6, 7].map((n) => post(encodeQuestion(image(n)))),
  );
  const answered = replies.filter(({ status }) => status === 200);
  expect(answered).toHaveLength(5);
  expect(replies.filter(({ status }) => status === 429)).toHaveLength(2);
  for (const [index, { status, body }] of replies.entries())
    if (status === 200) expect(decodeAnswer(body)).toBe(index + 1);
  expect(proxy.counts()).toEqual({ queries: 5, refused: 2, malformed: 0 });
  expect(mostAtOnce()).toBe(1);
  expect(await (await fetch(`http://127.0.0.1:${proxy.port}/`)).text()).toMatch(/^NIPS 2018/);
});

test("what is no question costs nothing and never reaches the model", async () => {
  const { proxy, post, mostAtOnce } = await proxyOf(5);
  expect((await post(Buffer.from("hello"))).status).toBe(400);
  expect((await post(encodeQuestion({ shape: [12], data: image(1).data }))).status).toBe(400);
  expect((await post(Buffer.alloc(5000))).status).toBe(413);
  expect((await post(encodeQuestion(image(1)), "/logits")).status).toBe(404);
  expect(proxy.counts()).toEqual({ queries: 0, refused: 0, malformed: 3 });
  expect(mostAtOnce()).toBe(0);
});

test.each([
  ["an error", { status: 500 }, /status 500/],
  ["no label", { body: Buffer.from("seven") }, /no BSON/],
  ["a huge answer", { body: Buffer.alloc(10_000_000) }, /no BSON|no label/],
])(
  "a model that answers with %s is told, and its words are kept from the attack",
  async (...row) => {
    const [, answer, why] = row;
    const { post, faults } = await proxyOf(5, () => answer);
    const { status, body } = await post(encodeQuestion(image(1)));
    expect(status).toBe(502);
    expect(body.toString()).toBe("The model gave no label.\n");
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(why);
  },
);

test("a question that never ends does not keep the proxy from closing", async () => {
  const { proxy } = await proxyOf(5);
  const asking = request({
    host: "127.0.0.1",
    port: proxy.port,
    method: "POST",
    path: "/predict",
    headers: { "Content-Length": 100 },
  });
  asking.on("error", () => undefined);
  asking.write("abc");
  await sleep(50);
  await proxy.close();
  expect(proxy.counts()).toMatchObject({ queries: 0 });
});
