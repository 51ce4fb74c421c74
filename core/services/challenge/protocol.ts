/**
 * What goes over the wire in the NIPS 2018 Adversarial Vision Challenge: BSON documents, of which
 * `{image: {type: "array", shape, dtype, data}}` is a question and `{prediction}` its answer.
 */
import { Binary, deserialize, Int32, serialize } from "bson";
import { z } from "zod";

export const bsonType = "application/bson";
/** Where models listen, unless MODEL_PORT says otherwise. */
export const modelPort = 8989;

/** One image: values of 0 to 255 in C order, with rows, columns and channels as axes. */
export type ByteImage = { shape: readonly number[]; data: Uint8Array };

/** Bytes that a question may have around its pixels. */
const aroundPixels = 4096;
/** Bytes of an answer; a label takes 30. */
export const longestAnswer = 4096;

/** The longest question about images of at most so many bytes. */
export function longestQuestion(largestImage: number): number {
  return largestImage + aroundPixels;
}

/** What is wrong with a document, as one sentence. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

const questionSchema = z.object({
  image: z.object({
    type: z.literal("array"),
    shape: z.array(z.int().nonnegative()).max(8),
    dtype: z.enum(["|u1", "uint8", "<u1", "u1"]),
    data: z.instanceof(Uint8Array),
  }),
});

/** Labels are whole numbers from 0; Python's encoders write them in 32 or 64 bits. */
const answerSchema = z.object({ prediction: z.int().nonnegative() });

export function encodeQuestion({ shape, data }: ByteImage): Uint8Array {
  return serialize({
    image: {
      type: "array",
      shape: shape.map((size) => new Int32(size)),
      dtype: "|u1",
      data: new Binary(data),
    },
  });
}

/** Throws ProtocolError for what is no image of bytes. */
export function decodeQuestion(bytes: Uint8Array): ByteImage {
  const { image } = decode(bytes, questionSchema, "The question holds no image of uint8");
  const count = image.shape.reduce((product, size) => product * size, 1);
  if (count !== image.data.length)
    throw new ProtocolError(
      `The image has ${image.data.length} bytes, not those of shape (${image.shape.join(", ")}).`,
    );
  return { shape: image.shape, data: image.data };
}

export function encodeAnswer(label: number): Uint8Array {
  return serialize({ prediction: new Int32(label) });
}

/** The label. Throws ProtocolError for what is none. */
export function decodeAnswer(bytes: Uint8Array): number {
  return decode(bytes, answerSchema, "The answer holds no label as `prediction`").prediction;
}

function decode<T>(bytes: Uint8Array, schema: z.ZodType<T>, otherwise: string): T {
  let document: unknown;
  try {
    document = deserialize(bytes, { promoteBuffers: true, promoteLongs: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ProtocolError(`This is no BSON document: ${why.slice(0, 200)}.`, { cause });
  }
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const [problem] = parsed.error.issues;
  throw new ProtocolError(`${otherwise} (${problem?.path.join(".")}: ${problem?.message}).`);
}
