/** Asks a model over HTTP. It is a stranger's program: answers have a size and a time. */
import { request } from "node:http";
import {
  bsonType,
  type ByteImage,
  decodeAnswer,
  encodeQuestion,
  longestAnswer,
  ProtocolError,
} from "./protocol.ts";

/** Longest wait for a label, ms; the challenge's own models had 40 ms. */
const patience = 10_000;
/** Longest wait for a sign of life, ms. */
const probePatience = 2000;

/** The model gave no label; the message says why as one sentence. */
export class ModelFault extends Error {
  override readonly name = "ModelFault";
}

export type ModelClient = {
  /** Whether `GET /` is answered as it should be. Never rejects. */
  isReady(): Promise<boolean>;
  /** The label of an image. Throws ModelFault. */
  predict(image: ByteImage): Promise<number>;
};

/** One connection a question: what servers of all ages understand. */
export function createModelClient(host: string, port: number): ModelClient {
  return {
    async isReady() {
      try {
        return (await ask(host, port, null, probePatience)).status === 200;
      } catch {
        return false; // Not yet.
      }
    },
    async predict(image) {
      try {
        const { status, body } = await ask(host, port, encodeQuestion(image), patience);
        if (status !== 200) throw new ModelFault(`It answered with status ${status}.`);
        return decodeAnswer(body);
      } catch (cause) {
        if (cause instanceof ModelFault) throw cause;
        if (cause instanceof ProtocolError) throw new ModelFault(cause.message, { cause });
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new ModelFault(`It did not answer: ${why}.`, { cause });
      }
    },
  };
}

/** `GET /` without a body, else `POST /predict`. Of what is longer than an answer, the beginning is read. */
function ask(
  host: string,
  port: number,
  body: Uint8Array | null,
  timeLimit: number,
): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host,
        port,
        method: body ? "POST" : "GET",
        path: body ? "/predict" : "/",
        agent: false,
        headers: body ? { "Content-Type": bsonType, "Content-Length": body.length } : {},
        signal: AbortSignal.timeout(timeLimit),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        const done = () =>
          resolve({
            status: answer.statusCode ?? 0,
            body: Buffer.concat(chunks).subarray(0, size),
          });
        answer.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size <= longestAnswer) return;
          done();
          asked.destroy();
        });
        answer.on("end", done);
        answer.on("error", reject);
      },
    );
    asked.on("error", reject);
    asked.end(body ?? undefined);
  });
}
