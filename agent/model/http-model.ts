/** A model that answers the model protocol over HTTP on 127.0.0.1. */
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:http";
import type { Npy } from "../../shared/npy.ts";
import { bytesOf, decodeNpy, encodeNpyHeader } from "../../shared/npy.ts";
import type { Child } from "../child.ts";
import type { ModelSource } from "./model.ts";
import { ModelError } from "./model.ts";

const longestErrorText = 2_000;

export type HttpModelOptions = {
  port: number;
  token: string;
  child: Child;
  classes: number;
  /** One sample's shape. */
  shape: number[];
};

/** One connection is kept open; calls that come together wait for each other. */
export class HttpModel {
  readonly #options: HttpModelOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(options: HttpModelOptions) {
    this.#options = options;
  }

  /**
   * Asks GET /, which is answered once the model is loaded.
   * @throws ModelError when the model is there but cannot be used
   */
  async source(): Promise<ModelSource> {
    const access = await this.#access();
    if (access === "decision-based")
      throw new ModelError("The model gives labels only; verifying needs its logits.");
    return {
      logits: (x, n) => this.#logits(x, n),
      vjp: access === "score-based" ? null : (x, d, n) => this.#vjp(x, d, n),
      gone: () => {
        const ending = this.#options.child.ending();
        return ending && `The model's program ${ending.words}.`;
      },
      close: async () => {
        this.#agent.destroy();
        await this.#options.child.stop();
      },
    };
  }

  async #access(): Promise<string> {
    const text = Buffer.from(await this.#ask("GET", "/", [], longestErrorText)).toString("utf8");
    const about: unknown = JSON.parse(text);
    if (typeof about !== "object" || about === null || !("access" in about))
      throw new ModelError("The model's GET / does not tell its access.");
    const { access } = about;
    if (access === "white-box" || access === "score-based" || access === "decision-based")
      return access;
    throw new ModelError("The model's GET / tells an access that is not known.");
  }

  async #logits(x: Float32Array, n: number): Promise<Float32Array> {
    const { shape, classes } = this.#options;
    const values = n * classes;
    const body = [encodeNpyHeader("<f4", [n, ...shape]), bytesOf(x)];
    return floats(await this.#ask("POST", "/logits", body, answerLimit(values)), [n, classes]);
  }

  async #vjp(x: Float32Array, d: Float32Array, n: number): Promise<Float32Array> {
    const { shape, classes } = this.#options;
    const body = [
      encodeNpyHeader("<f4", [n, ...shape]),
      bytesOf(x),
      encodeNpyHeader("<f4", [n, classes]),
      bytesOf(d),
    ];
    return floats(await this.#ask("POST", "/vjp", body, answerLimit(x.length)), [n, ...shape]);
  }

  /** Asks once more where an idle connection had been closed on the other side. */
  async #ask(method: string, path: string, body: Uint8Array[], limit: number) {
    const attempt = await this.#send(method, path, body, limit);
    if (!attempt.stale) return attempt.bytes;
    const again = await this.#send(method, path, body, limit);
    if (again.stale) throw new ModelError("The model's server closes every connection.");
    return again.bytes;
  }

  #send(method: string, path: string, body: Uint8Array[], limit: number) {
    const { port, token } = this.#options;
    type Answer = { stale: true } | { stale: false; bytes: Uint8Array };
    return new Promise<Answer>((resolve, reject) => {
      const call = request({
        agent: this.#agent,
        host: "127.0.0.1",
        port,
        method,
        path,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body.length > 0 && {
            "content-type": "application/octet-stream",
            "content-length": body.reduce((sum, part) => sum + part.length, 0),
          }),
        },
      });
      let answered = false;
      call.on("response", (response) => {
        answered = true;
        readAnswer(response, limit).then((bytes) => resolve({ stale: false, bytes }), reject);
      });
      call.on("error", (error: NodeJS.ErrnoException) => {
        if (call.reusedSocket && !answered && error.code === "ECONNRESET") resolve({ stale: true });
        else void this.#whyItFailed(error).then(reject);
      });
      for (const part of body) call.write(part);
      call.end();
    });
  }

  /** A connection breaks just before the exit of its process is seen; that is the better answer. */
  async #whyItFailed(error: NodeJS.ErrnoException): Promise<Error> {
    const moment = new Promise<null>((resolve) => setTimeout(resolve, 200, null));
    const ending = await Promise.race([this.#options.child.ended, moment]);
    return ending ? new ModelError(`The model's program ${ending.words}.`) : error;
  }
}

/** Room for the header beside the values, and for float64. */
function answerLimit(values: number): number {
  return 66_000 + values * 8;
}

async function readAnswer(response: IncomingMessage, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response) {
    const bytes: Uint8Array = chunk;
    length += bytes.length;
    if (length > limit) throw new ModelError("The model's answer is longer than it can be.");
    chunks.push(bytes);
  }
  const [first] = chunks;
  const whole = chunks.length === 1 && first ? first : Buffer.concat(chunks);
  if (response.statusCode === 200) return whole;
  const text = Buffer.from(whole).toString("utf8").slice(0, longestErrorText);
  throw new ModelError(`The model answered with status ${String(response.statusCode)}: ${text}`);
}

function floats(bytes: Uint8Array, shape: number[]): Float32Array {
  const array: Npy = decodeNpy(bytes);
  if (String(array.shape) !== String(shape))
    throw new ModelError(`The model answered with shape (${array.shape}), not (${shape}).`);
  if (array.dtype === "<f4") return array.data;
  if (array.dtype === "<f8") return Float32Array.from(array.data);
  throw new ModelError(`The model answered with ${array.dtype}; float32 is right.`);
}
