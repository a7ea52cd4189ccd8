import { describe, expect, test } from "vitest";
import {
  type Augmentation,
  cutOut,
  drawView,
  jitterColors,
  sampleView,
} from "../../../src/io/images/augmentation.ts";
import { DataTransformer, type Transform } from "../../../src/io/images/data-transformer.ts";
import { planar } from "../../../src/io/images/raster.ts";
import { Random } from "../../../src/util/random.ts";
import { noise } from "../../support/nets.ts";

const none: Augmentation = {
  minScale: 1,
  maxScale: 1,
  maxRotation: 0,
  brightness: 0,
  contrast: 0,
  saturation: 0,
  hue: 0,
  cutoutSize: 0,
};
const GREY = [0.114, 0.587, 0.299] as const;

/** channels×height×width numbers 0, 1, 2, …. */
const counting = (channels: number, height: number, width: number) =>
  planar(
    Float32Array.from({ length: channels * height * width }, (_, i) => i),
    channels,
    height,
    width,
  );
const colors = (count: number): Float32Array =>
  Float32Array.from(noise(3 * count, 9), (value) => 127 + 60 * value);
const greyOf = (values: ArrayLike<number>, i: number, size: number): number =>
  GREY.reduce((sum, share, c) => sum + share * Number(values[c * size + i]), 0);

describe("a view", () => {
  const see = (
    image: ReturnType<typeof counting>,
    h: number,
    w: number,
    more: Partial<Augmentation>,
    key = 0,
    mirror = false,
  ): number[] => {
    const out = new Float32Array(image.channels * h * w);
    const view = drawView(image, h, w, mirror, { ...none, ...more }, new Random(1, key));
    sampleView(image, view, out);
    return [...out];
  };

  test("of the whole image that is neither scaled nor turned is the image", () => {
    expect(see(counting(2, 3, 4), 3, 4, {})).toEqual(Array.from({ length: 24 }, (_, i) => i));
  });

  test("without scale and rotation is one of the cuts, each as likely", () => {
    const counts = new Map<string, number>();
    for (let key = 0; key < 600; key++) {
      const cut = see(counting(1, 3, 4), 2, 2, {}, key).join();
      counts.set(cut, (counts.get(cut) ?? 0) + 1);
    }
    const cuts = [0, 1, 2, 4, 5, 6].map((at) => [at, at + 1, at + 4, at + 5].join());
    expect([...counts.keys()].sort()).toEqual(cuts.sort());
    for (const count of counts.values()) expect(count).toBeGreaterThan(60);
  });

  test("at twice the size shows the middle half, between pixel centres", () => {
    const seen = see(counting(1, 4, 4), 4, 4, { minScale: 2, maxScale: 2 });
    expect(seen.slice(0, 4)).toBeAllClose([3.75, 4.25, 4.75, 5.25]);
    expect(seen.slice(12)).toBeAllClose([9.75, 10.25, 10.75, 11.25]);
  });

  test("at half the size repeats the edge beyond it", () => {
    const seen = see(counting(1, 1, 4), 1, 4, { minScale: 0.5, maxScale: 0.5 });
    expect(seen).toBeAllClose([0, 0.5, 2.5, 3]);
  });

  test("turned by 90 degrees about the middle", () => {
    const image = counting(1, 3, 3);
    const out = new Float32Array(9);
    sampleView(image, { height: 3, width: 3, left: 2, top: 0, a: 0, b: 1, isMirrored: false }, out);
    expect([...out]).toEqual([2, 5, 8, 1, 4, 7, 0, 3, 6]);
  });

  test("turns about the image's middle by no more than asked, either way", () => {
    const image = counting(1, 5, 5);
    const angles = Array.from({ length: 200 }, (_, key) => {
      const view = drawView(image, 5, 5, false, { ...none, maxRotation: 30 }, new Random(1, key));
      expect(view.left + 2 * view.a - 2 * view.b).toBeCloseTo(2);
      expect(view.top + 2 * view.b + 2 * view.a).toBeCloseTo(2);
      return (Math.atan2(view.b, view.a) * 180) / Math.PI;
    });
    expect(Math.max(...angles)).toBeGreaterThan(25);
    expect(Math.max(...angles)).toBeLessThanOrEqual(30);
    expect(Math.min(...angles)).toBeLessThan(-25);
    expect(Math.min(...angles)).toBeGreaterThanOrEqual(-30);
  });

  test("that would be smaller than the cut is just as large", () => {
    expect(see(counting(1, 2, 2), 2, 1, { minScale: 0.1, maxScale: 0.1 }).length).toBe(2);
    const seen = see(counting(1, 4, 4), 2, 2, { minScale: 0.1, maxScale: 0.1 });
    expect(seen).toBeAllClose([2.5, 4.5, 10.5, 12.5]);
  });

  test("is mirrored half of the time", () => {
    const mirrored = Array.from({ length: 200 }, (_, key) =>
      see(counting(1, 1, 2), 1, 2, {}, key, true).join(),
    );
    const count = mirrored.filter((seen) => seen === "1,0").length;
    expect(count).toBeGreaterThan(70);
    expect(count).toBeLessThan(130);
  });
});

describe("colours", () => {
  const SIZE = 50;
  const jitter = (more: Partial<Augmentation>, key: number, from = colors(SIZE)): Float32Array => {
    const out = from.slice();
    jitterColors(out, [from.length / SIZE, 5, 10], { ...none, ...more }, new Random(3, key));
    return out;
  };

  test("stay as they are where nothing is asked for", () => {
    expect(jitter({}, 0)).toEqual(colors(SIZE));
  });

  test("brightness multiplies all by one number within its share", () => {
    const gains = Array.from({ length: 100 }, (_, key) => {
      const out = jitter({ brightness: 0.25 }, key);
      const [before, gain] = [colors(SIZE), Number(out[0]) / Number(colors(SIZE)[0])];
      expect(out).toBeAllClose(before.map((value) => value * gain));
      return gain;
    });
    expect(Math.min(...gains)).toBeGreaterThanOrEqual(0.75);
    expect(Math.max(...gains)).toBeLessThanOrEqual(1.25);
    expect(Math.max(...gains) - Math.min(...gains)).toBeGreaterThan(0.4);
  });

  test("contrast keeps the mean grey", () => {
    const mean = (values: ArrayLike<number>): number =>
      Array.from({ length: SIZE }, (_, i) => greyOf(values, i, SIZE)).reduce((a, b) => a + b) /
      SIZE;
    const out = jitter({ contrast: 0.5 }, 1);
    expect(out).not.toBeAllClose(colors(SIZE));
    expect(mean(out)).toBeCloseTo(mean(colors(SIZE)), 3);
  });

  test("saturation and hue keep the grey of every pixel, and greys altogether", () => {
    const grey = new Float32Array(3 * SIZE).fill(90);
    for (const more of [{ saturation: 0.5 }, { hue: 90 }]) {
      const out = jitter(more, 2);
      expect(out).not.toBeAllClose(colors(SIZE));
      for (let i = 0; i < SIZE; i++) {
        expect(greyOf(out, i, SIZE)).toBeCloseTo(greyOf(colors(SIZE), i, SIZE), 2);
      }
      expect(jitter(more, 2, grey)).toBeAllClose(grey);
    }
  });

  test("are cut off at 0 and 255; one channel has brightness and contrast only", () => {
    const bright = jitter({ brightness: 20 }, 4, new Float32Array(3 * SIZE).fill(200));
    expect(bright).toEqual(new Float32Array(3 * SIZE).fill(255));
    const one = Float32Array.from({ length: SIZE }, (_, i) => 100 + i);
    expect(jitter({ saturation: 0.5, hue: 90 }, 5, one)).toEqual(one);
    expect(jitter({ contrast: 0.5 }, 5, one)).not.toBeAllClose(one);
  });
});

test("a cut-out is a square of its size, or what of it lies within the image", () => {
  const sizes = new Set<number>();
  for (let key = 0; key < 300; key++) {
    const out = new Float32Array(2 * 8 * 8).fill(1);
    cutOut(out, [2, 8, 8], { ...none, cutoutSize: 4 }, new Random(1, key));
    const zeros = out.reduce((count, value) => count + (value === 0 ? 1 : 0), 0);
    expect(out.subarray(0, 64)).toEqual(out.subarray(64));
    sizes.add(zeros / 2);
  }
  expect(Math.max(...sizes)).toBe(16);
  expect(Math.min(...sizes)).toBe(4);
});

describe("DataTransformer with augmentation", () => {
  const base: Transform = {
    scale: 0.5,
    mirror: false,
    cropHeight: 0,
    cropWidth: 0,
    meanValues: [10],
    phase: "TRAIN",
    augmentation: { ...none, cutoutSize: 1 },
  };
  const run = (transform: Transform, key: number, image = counting(1, 4, 4)): number[] => {
    const transformer = new DataTransformer(transform);
    const out = new Float32Array(image.channels * 16);
    transformer.transform(image, out, new Random(1, key));
    return [...out];
  };

  test("subtracts the mean and scales after it", () => {
    const plain = run({ ...base, augmentation: undefined }, 0);
    const cut = run(base, 0);
    expect(cut.filter((value, i) => value !== plain[i]).length).toBeLessThanOrEqual(1);
  });

  test("moves a mean image along with the image", () => {
    const mean = { shape: [1, 4, 4], data: counting(1, 4, 4).data };
    const augmentation = { ...none, minScale: 1.1, maxScale: 1.6, maxRotation: 40 };
    const moved: Transform = { ...base, mirror: true, meanValues: [], mean, augmentation };
    for (let key = 0; key < 5; key++) expect(run(moved, key)).toBeAllClose(new Array(16).fill(0));
  });

  test("changes nothing in testing, and the same record always in the same way", () => {
    const augmentation = { ...none, maxRotation: 90, brightness: 0.5, cutoutSize: 2 };
    const transform = { ...base, augmentation };
    const test = run({ ...transform, phase: "TEST" }, 3);
    expect(test).toEqual(run({ ...base, augmentation: undefined }, 3));
    expect(run(transform, 3)).toEqual(run(transform, 3));
    expect(run(transform, 3)).not.toEqual(run(transform, 4));
  });
});
