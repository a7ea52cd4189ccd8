import { describe, expect, test } from "vitest";
import { resized as resizedBy } from "../../../src/io/images/interpolation.ts";
import { interleaved, planar } from "../../../src/io/images/raster.ts";
import { resizeLinear } from "../../../src/io/images/resize.ts";
import { noise } from "../../support/nets.ts";
import { bytesOf, resized, runPython, systemPython } from "../../support/opencv.ts";

/** Channel by channel to row by row. */
function pixelsOf(data: ArrayLike<number>, channels: number): Uint8Array {
  const size = data.length / channels;
  return Uint8Array.from({ length: data.length }, (_, i) =>
    Number(data[(i % channels) * size + Math.floor(i / channels)]),
  );
}

test.each(["LINEAR", "AREA", "NEAREST", "CUBIC", "LANCZOS4"] as const)(
  "%s refuses a size that no image can have",
  (kind) => {
    const image = planar(new Uint8Array(6), 3, 1, 2);
    expect(() => resizedBy(image, 4e9, 4e9, kind)).toThrow(
      "an image becomes 3×4000000000×4000000000",
    );
  },
);

describe("resizing is OpenCV's, to the bit", () => {
  test.each(resized.map((want) => [want.from.join("×"), want.to.join("×"), want] as const))(
    "%s to %s",
    (_from, _to, { channels, from: [h, w], to: [height, width], pixels, resized: want }) => {
      const { data } = resizeLinear(interleaved(bytesOf(pixels), channels, h, w), height, width);
      expect(pixelsOf(data, channels)).toEqual(bytesOf(want));
    },
  );

  const python = systemPython("cv2", "numpy");
  test.skipIf(!python)("of 200 sizes at random, asked of OpenCV itself (python3-opencv)", () => {
    const draw = noise(800, 3).map((value) => Math.floor((value + 1) * 40) + 1);
    const sizes = Array.from({ length: 200 }, (_, i) => draw.slice(4 * i, 4 * i + 4));
    const program = `
import sys, json, cv2, numpy as np
for i, (h, w, height, width) in enumerate(json.loads(${JSON.stringify(JSON.stringify(sizes))})):
    image = ((np.arange(h * w) * 7919 + i) % 256).astype(np.uint8).reshape(h, w)
    sys.stdout.buffer.write(cv2.resize(image, (width, height)).tobytes())`;
    const want = runPython(python ?? "", program);
    let at = 0;
    for (const [i, [h = 0, w = 0, height = 0, width = 0]] of sizes.entries()) {
      const image = Uint8Array.from({ length: h * w }, (_, k) => (k * 7919 + i) % 256);
      const { data } = resizeLinear(planar(image, 1, h, w), height, width);
      const end = at + height * width;
      expect(
        Buffer.from(data as Uint8Array).equals(want.subarray(at, end)),
        `${h}×${w} to ${height}×${width}`,
      ).toBe(true);
      at = end;
    }
  });

  test("a part is resized as if it were alone", () => {
    const image = Uint8Array.from(noise(60 * 3), (value) => Math.floor((value + 1) * 127));
    const whole = planar(image, 3, 6, 10);
    const part = { left: 2, top: 1, width: 5, height: 4 };
    const alone = new Uint8Array(60);
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < 4; y++)
        for (let x = 0; x < 5; x++)
          alone[(c * 4 + y) * 5 + x] = image[(c * 6 + y + 1) * 10 + x + 2]!;
    expect(resizeLinear(whole, 7, 3, part)).toEqual(resizeLinear(planar(alone, 3, 4, 5), 7, 3));
  });
});
