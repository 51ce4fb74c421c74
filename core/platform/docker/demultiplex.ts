/** Docker's stream of both outputs: frames of an 8-byte head, whose last four are a length, and text. */

const headLength = 8;

export type OutputText = { from: "output" | "errors"; text: Buffer };

/** The texts of both outputs as one. */
export function joinTexts(texts: readonly OutputText[]): Buffer {
  return Buffer.concat(texts.map(({ text }) => text));
}

/**
 * Returns what takes the stream's next piece and gives the texts in it, of both outputs in the order
 * of the engine. A frame may come in several pieces.
 */
export function createDemultiplexer(): (piece: Buffer) => OutputText[] {
  const head = Buffer.alloc(headLength);
  let headBytes = 0;
  /** Bytes of the frame's text that are still to come. */
  let left = 0;
  return (piece) => {
    const texts: OutputText[] = [];
    for (let at = 0; at < piece.length;) {
      if (left === 0) {
        const taken = piece.copy(head, headBytes, at, at + headLength - headBytes);
        at += taken;
        headBytes += taken;
        if (headBytes < headLength) break;
        left = head.readUInt32BE(4);
        headBytes = 0;
      }
      const text = piece.subarray(at, at + left);
      if (text.length > 0) texts.push({ from: head[0] === 2 ? "errors" : "output", text });
      at += text.length;
      left -= text.length;
    }
    return texts;
  };
}
