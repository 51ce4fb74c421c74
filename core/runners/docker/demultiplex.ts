/** Docker's stream of both outputs: frames of an 8-byte head, whose last four are a length, and text. */

const headLength = 8;

/**
 * Returns what takes the stream's next piece and gives the text in it, of both outputs in the order
 * of the engine. A line a frame is usual: pieces are joined, so that a million of them are not
 * written one by one.
 */
export function createDemultiplexer(): (piece: Buffer) => Buffer {
  const head = Buffer.alloc(headLength);
  let headBytes = 0;
  /** Bytes of the frame's text that are still to come. */
  let left = 0;
  return (piece) => {
    const texts: Buffer[] = [];
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
      if (text.length > 0) texts.push(text);
      at += text.length;
      left -= text.length;
    }
    return texts.length === 1 && texts[0] ? texts[0] : Buffer.concat(texts);
  };
}
