import { expect, test } from "vitest";
import { createDemultiplexer, joinTexts, type OutputText } from "./demultiplex.ts";

function frame(stream: 1 | 2, text: string): Buffer {
  const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

test("text of both outputs comes in its order, however the stream is cut", () => {
  const lines = ["out 1\n", "", "err é\n", "x".repeat(300)];
  const whole = Buffer.concat(lines.map((line, index) => frame(index % 2 === 0 ? 1 : 2, line)));
  for (const size of [1, 3, 7, 8, 9, 100, whole.length]) {
    const next = createDemultiplexer();
    const texts: OutputText[] = [];
    for (let at = 0; at < whole.length; at += size)
      texts.push(...next(whole.subarray(at, at + size)));
    const said = (some: OutputText[]) => joinTexts(some).toString();
    expect(said(texts)).toBe(lines.join(""));
    expect(said(texts.filter(({ from }) => from === "errors"))).toBe(`${lines[1]}${lines[3]}`);
  }
});
