import { describe, expect, test } from "vitest";
import { distorted } from "../../../src/io/images/distortion.ts";
import { expanded } from "../../../src/io/images/expansion.ts";
import { type Interpolation, resized } from "../../../src/io/images/interpolation.ts";
import {
  fitted,
  fittedSize,
  isDrawn,
  type Preparation,
} from "../../../src/io/images/preparation.ts";
import { randomlySized } from "../../../src/io/images/random-size.ts";
import { interleaved, planar, planesOf } from "../../../src/io/images/raster.ts";
import {
  applyPolicy,
  policySize,
  type ResizePolicy,
} from "../../../src/io/images/resize-policy.ts";
import { Random } from "../../../src/util/random.ts";
import { prepared } from "../../support/opencv.ts";

const WARP: ResizePolicy = {
  probability: 1,
  mode: "WARP",
  height: 2,
  width: 2,
  heightScale: 0,
  widthScale: 0,
  padMode: "CONSTANT",
  padValues: [],
  interpolations: ["NEAREST"],
};

const MODES = ["AREA", "NEAREST", "CUBIC", "LANCZOS4"];
/** OpenCV adds in another order; what lies between two whole numbers may go either way. */
const TOLERANCE: Readonly<Record<string, number>> = { AREA: 1, CUBIC: 1 };

describe("interpolation", () => {
  const recorded = prepared.filter(({ what }) => MODES.includes(what));
  test.each(recorded.map((one) => [one.what, one.from, one.to, one] as const))(
    "%s from %j to %j is OpenCV's",
    (what, [channels, height, width], to, { pixels, result }) => {
      const image = interleaved(Buffer.from(pixels, "base64"), channels, height, width);
      const got = planesOf(resized(image, ...to, what as Interpolation));
      const want = planesOf(interleaved(Buffer.from(result, "base64"), channels, ...to));
      const worst = Math.max(...got.map((value, i) => Math.abs(value - (want[i] ?? 0))));
      expect(worst).toBeLessThanOrEqual(TOLERANCE[what] ?? 0);
    },
  );
});

describe("resize_param", () => {
  const image = planar(Uint8Array.of(1, 2, 3, 4), 1, 1, 4);
  const padded = (padMode: ResizePolicy["padMode"], padValues: number[] = []): number[] => {
    const policy = { ...WARP, mode: "FIT_LARGE_SIZE_AND_PAD", height: 4, width: 4 } as const;
    return Array.from(planesOf(applyPolicy({ ...policy, padMode, padValues }, image, undefined)));
  };

  test("FIT_LARGE_SIZE_AND_PAD keeps the aspect and fills what is left", () => {
    const row = [1, 2, 3, 4];
    const nine = [9, 9, 9, 9];
    expect(padded("CONSTANT", [9])).toEqual([...nine, ...row, ...nine, ...nine]);
    expect(padded("REPEAT_NEAREST")).toEqual([...row, ...row, ...row, ...row]);
    expect(padded("MIRRORED")).toEqual([...row, ...row, ...row, ...row]);
    expect(() => padded("CONSTANT", [1, 2])).toThrow(/pad_value is given 2 times/);
  });

  test("MIRRORED shows each edge once", () => {
    const tall = planar(Uint8Array.of(1, 2, 3, 4, 5, 6), 1, 3, 2);
    const policy = { ...WARP, mode: "FIT_LARGE_SIZE_AND_PAD", height: 3, width: 6 } as const;
    const got = applyPolicy({ ...policy, padMode: "MIRRORED" }, tall, undefined);
    expect(Array.from(planesOf(got)).slice(0, 6)).toEqual([1, 2, 1, 2, 1, 2]);
  });

  test.each([
    ["WARP", 30, 60, [20, 10]],
    ["FIT_LARGE_SIZE_AND_PAD", 30, 60, [20, 10]],
    ["FIT_SMALL_SIZE", 30, 60, [20, 40]],
    ["FIT_SMALL_SIZE", 60, 10, [60, 10]],
    ["FIT_SMALL_SIZE", 1, 4000, [20, 80_000]],
  ] as const)("%s of %i×%i is %j", (mode, height, width, size) => {
    expect(policySize({ ...WARP, mode, height: 20, width: 10 }, { height, width })).toEqual(size);
  });

  test("a very long image keeps one row of pixels", () => {
    const long = planar(new Uint8Array(4000), 1, 1, 4000);
    const policy = { ...WARP, mode: "FIT_LARGE_SIZE_AND_PAD", height: 8, width: 8 } as const;
    expect(planesOf(applyPolicy(policy, long, undefined))).toHaveLength(64);
  });

  test("interp_mode is drawn where there are several", () => {
    const several = { ...WARP, interpolations: ["NEAREST", "LINEAR"] } as const;
    const ramp = planar(Uint8Array.of(0, 100, 200, 50, 150, 250), 1, 2, 3);
    const seen = new Set(
      Array.from({ length: 20 }, (_, k) =>
        planesOf(applyPolicy(several, ramp, new Random(k))).join(),
      ),
    );
    expect(seen.size).toBe(2);
  });

  test("refuses floats", () => {
    const floats = planar(Float32Array.of(0.5), 1, 1, 1);
    expect(() => fitted({ policies: [WARP] }, floats, 0, undefined)).toThrow(/are floats/);
  });

  test("says what is drawn, and the size that an image comes to", () => {
    const plain: Preparation = { policies: [WARP] };
    expect(isDrawn(plain)).toBe(false);
    expect(isDrawn({ ...plain, expansion: { probability: 1, maxRatio: 2 } })).toBe(true);
    const size = { channels: 1, height: 5, width: 9 };
    expect(fittedSize(plain, size, 0)).toEqual({ channels: 1, height: 2, width: 2 });
  });
});

describe("expand_param", () => {
  const image = planar(Uint8Array.of(1, 2, 3, 4, 5, 6), 1, 2, 3);

  test("puts the image on a larger one, filled with the mean", () => {
    for (let k = 0; k < 50; k++) {
      const shown = expanded({ probability: 1, maxRatio: 4 }, image, [50.6], new Random(k));
      if (!shown) throw new Error("expanded nothing");
      const { height, width } = shown.image;
      const [x0, y0, x1, y1] = shown.region;
      expect(height).toBeLessThanOrEqual(8);
      const [left, top] = [Math.round(-x0 * 3), Math.round(-y0 * 2)];
      expect([x1 * 3 + left, y1 * 2 + top]).toEqual([
        expect.closeTo(width),
        expect.closeTo(height),
      ]);
      const at = (y: number, x: number): number => shown.image.data[y * width + x] ?? -1;
      expect([at(top, left), at(top, left + 2), at(top + 1, left)]).toEqual([1, 3, 4]);
      const others = Array.from(shown.image.data).filter((value) => value === 51);
      expect(others).toHaveLength(height * width - 6);
    }
  });

  test("leaves it as it is with the rest of the probability", () => {
    const kept = Array.from({ length: 200 }, (_, k) =>
      expanded({ probability: 0.25, maxRatio: 4 }, image, [], new Random(k)),
    ).filter((shown) => !shown);
    expect(kept.length / 200).toBeCloseTo(0.75, 1);
  });
});

describe("distort_param", () => {
  const NOTHING = {
    brightnessProb: 0,
    brightnessDelta: 0,
    contrastProb: 0,
    contrastLower: 0,
    contrastUpper: 0,
    hueProb: 0,
    hueDelta: 0,
    saturationProb: 0,
    saturationLower: 0,
    saturationUpper: 0,
    randomOrderProb: 0,
  };
  const pixel = planar(Uint8Array.of(100, 50, 200), 3, 1, 1);
  const of = (change: Partial<typeof NOTHING>, seed = 1): number[] =>
    Array.from(planesOf(distorted({ ...NOTHING, ...change }, pixel, new Random(seed))));

  test("changes nothing with probability 0", () => {
    expect(of({})).toEqual([100, 50, 200]);
    expect(Array.from(pixel.data)).toEqual([100, 50, 200]);
  });

  test("multiplies by contrast, and cuts off at 255", () => {
    expect(of({ contrastProb: 1, contrastLower: 1.5, contrastUpper: 1.5 })).toEqual([150, 75, 255]);
  });

  test("adds to brightness up to the delta, the same to all", () => {
    const [blue = 0, green = 0, red = 0] = of({ brightnessProb: 1, brightnessDelta: 20 });
    expect([green - blue, red - blue]).toEqual([-50, 100]);
    expect(Math.abs(blue - 100)).toBeLessThanOrEqual(20);
  });

  test("takes colour away with saturation 0", () => {
    const change = { saturationProb: 1, saturationLower: 0, saturationUpper: 0 };
    expect(of(change)).toEqual([200, 200, 200]);
  });

  test("puts channels in any order", () => {
    const orders = new Set(
      Array.from({ length: 60 }, (_, k) => of({ randomOrderProb: 1 }, k).join()),
    );
    expect(orders.size).toBe(6);
  });

  test("asks for three channels where colours change", () => {
    const grey = planar(Uint8Array.of(1), 1, 1, 1);
    const change = { ...NOTHING, hueProb: 1, hueDelta: 1 };
    expect(() => distorted(change, grey, new Random(1))).toThrow(/hue of an image of 1 channels/);
  });
});

describe("sizes that are drawn", () => {
  const image = planar(new Uint8Array(30 * 40), 1, 30, 40);
  const scale = {
    kind: "scale",
    lower: 0,
    upper: 0,
    ratioLower: 0,
    ratioUpper: 0,
    verticalLower: 1,
    verticalUpper: 1,
    horizontalLower: 1,
    horizontalUpper: 1,
    least: 0,
    allowsUpscale: true,
    down: "NEAREST",
    up: "NEAREST",
  } as const;
  const sizes = (size: Parameters<typeof randomlySized>[0]): [number, number][] =>
    Array.from({ length: 40 }, (_, k) => {
      const { height, width } = randomlySized(size, image, new Random(k));
      return [height, width];
    });

  test("img_rand_resize: the shorter side lies between the limits, the aspect stays", () => {
    const drawn = sizes({ ...scale, lower: 15, upper: 60 });
    expect(new Set(drawn.map(([height]) => height)).size).toBeGreaterThan(10);
    for (const [height, width] of drawn) {
      expect(height).toBeGreaterThanOrEqual(15);
      expect(height).toBeLessThanOrEqual(60);
      expect(width).toBe(Math.round((height * 4) / 3));
    }
    const small = sizes({ ...scale, lower: 15, upper: 60, allowsUpscale: false });
    expect(Math.max(...small.map(([height]) => height))).toBe(30);
  });

  test("rand_resize_ratio and stretches change the aspect, and no side falls below the crop", () => {
    expect(sizes({ ...scale, ratioLower: 1.5, ratioUpper: 1.5 })[0]).toEqual([30, 45]);
    for (const [height] of sizes({ ...scale, verticalLower: 0.1, verticalUpper: 2, least: 25 })) {
      expect(height).toBeGreaterThanOrEqual(25);
      expect(height).toBeLessThanOrEqual(60);
    }
  });

  test("random_resize_param: the shorter side", () => {
    const size = { kind: "shorter", minSize: 10, maxSize: 20, policy: WARP } as const;
    for (const [height, width] of sizes(size)) {
      expect(height).toBeGreaterThanOrEqual(10);
      expect(height).toBeLessThanOrEqual(20);
      expect(width).toBe(Math.trunc((40 / 30) * height));
    }
  });

  test("random_aspect_ratio_param: a part becomes a square", () => {
    const part = { minArea: 0.08, maxArea: 1, aspectChange: 0.75, attempts: 10, side: 8 };
    for (const size of sizes({ kind: "part", policy: WARP, ...part })) expect(size).toEqual([8, 8]);
    const none = sizes({ kind: "part", policy: WARP, ...part, attempts: 0 });
    expect(none[0]).toEqual([8, 10]);
  });
});
