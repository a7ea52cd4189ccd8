import { describe, expect, test } from "vitest";
import { addNoise, type Noise } from "../../../src/io/images/noise.ts";
import { interleaved, planar, planesOf, type Raster } from "../../../src/io/images/raster.ts";
import { Random } from "../../../src/util/random.ts";
import { prepared } from "../../support/opencv.ts";

const NONE: Noise = {
  decolorize: false,
  gaussBlur: false,
  histEq: false,
  clahe: false,
  jpeg: -1,
  erode: false,
  posterize: false,
  inverse: false,
  saltPepper: 0,
  saltPepperValues: [],
  toHsv: false,
  toLab: false,
  toYCrCb: false,
};

const noisy = async (noise: Partial<Noise>, image: Raster, random?: Random): Promise<number[]> =>
  Array.from(planesOf(await addNoise({ ...NONE, ...noise }, image, random)));

/** Where two rounded values may differ: OpenCV adds in another order, and its Lab is made of tables. */
const TOLERANCE: Readonly<Record<string, number>> = { decolorize: 1, clahe: 1, toLab: 2 };

const recorded = prepared.filter(({ what }) => what in NONE);

describe("noise_param", () => {
  test.each(recorded.map((one, i) => [one.what, i, one] as const))(
    "%s is OpenCV's (%i)",
    async (what, _, { from: [channels, height, width], pixels, result }) => {
      const image = interleaved(Buffer.from(pixels, "base64"), channels, height, width);
      const got = await noisy({ [what]: what === "jpeg" ? 60 : true }, image);
      const want = planesOf(interleaved(Buffer.from(result, "base64"), channels, height, width));
      const worst = Math.max(...got.map((value, i) => Math.abs(value - (want[i] ?? 0))));
      expect(got).toHaveLength(want.length);
      expect(worst).toBeLessThanOrEqual(TOLERANCE[what] ?? 0);
    },
  );

  test("posterize leaves four values, and inverse turns them round", async () => {
    const image = planar(Uint8Array.of(0, 63, 64, 200), 1, 2, 2);
    expect(await noisy({ posterize: true }, image)).toEqual([32, 32, 96, 224]);
    expect(await noisy({ inverse: true }, image)).toEqual([255, 192, 191, 55]);
    expect(Array.from(image.data)).toEqual([0, 63, 64, 200]);
  });

  test("convert_to_ycrcb gives brightness, and how much redder and bluer than that a pixel is", async () => {
    const image = planar(Uint8Array.of(10, 20, 30), 3, 1, 1);
    // 0.114·10 + 0.587·20 + 0.299·30; 128 + 0.713·(30 − 22); 128 + 0.564·(10 − 22)
    expect(await noisy({ toYCrCb: true }, image)).toEqual([22, 134, 121]);
  });

  test("salt and pepper strews one value for each channel over a share of the pixels", async () => {
    const image = planar(new Uint8Array(3 * 100), 3, 10, 10);
    const noise = { saltPepper: 0.2, saltPepperValues: [7, 8, 9] };
    const got = await noisy(noise, image, new Random(1));
    const strewn = got.flatMap((value, i) => (value > 0 ? [i] : []));
    expect(strewn.length % 3).toBe(0);
    expect(strewn.length).toBeGreaterThan(45);
    expect(strewn.length).toBeLessThanOrEqual(60);
    for (const i of strewn) expect(got[i]).toBe(7 + Math.floor(i / 100));
    expect(await noisy(noise, image, new Random(1))).toEqual(got);
  });

  test("asks for three channels where colours change", async () => {
    const grey = planar(Uint8Array.of(1, 2), 1, 1, 2);
    await expect(noisy({ decolorize: true }, grey)).rejects.toThrow(/decolorize.*1 channels/);
    await expect(noisy({ toHsv: true }, grey)).rejects.toThrow(/convert_to_hsv/);
    const values = { saltPepper: 1, saltPepperValues: [1, 2] };
    await expect(noisy(values, grey, new Random(1))).rejects.toThrow(/given 2 times/);
  });
});
