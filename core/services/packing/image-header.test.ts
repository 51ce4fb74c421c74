import sharp from "sharp";
import { expect, test } from "vitest";
import { beginsAsImage, readImageHeader } from "./image-header.ts";

const colours = sharp({ create: { width: 7, height: 5, channels: 3, background: "#369" } });
const greys = colours.clone().toColourspace("b-w");

test.each([
  ["PNG", colours.clone().png(), false],
  ["grey PNG", greys.clone().png(), true],
  ["PNG with transparency", colours.clone().ensureAlpha().png(), false],
  ["JPEG", colours.clone().jpeg(), false],
  ["progressive JPEG", colours.clone().jpeg({ progressive: true }), false],
  ["grey JPEG", greys.clone().jpeg(), true],
  [
    "JPEG with metadata",
    colours
      .clone()
      .jpeg()
      .withExif({ IFD0: { Copyright: "x" } }),
    false,
  ],
])("a %s says its size and whether it is grey", async (_what, image, isGrey) => {
  const bytes = await image.toBuffer();
  expect(beginsAsImage(bytes)).toBe(true);
  expect(readImageHeader(bytes)).toEqual({ width: 7, height: 5, isGrey });
});

test("cut off anywhere, a header is found or not, and nothing else happens", async () => {
  for (const bytes of [
    await colours.clone().png().toBuffer(),
    await colours.clone().jpeg().toBuffer(),
  ])
    for (let length = 0; length < bytes.length; length++)
      expect([null, 7]).toContain(readImageHeader(bytes.subarray(0, length))?.width ?? null);
});

test("what has no size is no image", () => {
  expect(readImageHeader(Buffer.from([0xff, 0xd8, 0xff, 0xd9, ...new Uint8Array(20)]))).toBeNull();
  expect(readImageHeader(Buffer.concat([Buffer.from([0x89]), Buffer.alloc(40)]))).toBeNull();
  expect(beginsAsImage(Buffer.from("GIF89a"))).toBe(false);
});
