import { describe, expect, test } from "vitest";
import { imagesAddon } from "../../../src/io/images/addon.ts";
import { DataTransformer, type Transform } from "../../../src/io/images/data-transformer.ts";
import { interleaved, oriented, planar, rasterOf } from "../../../src/io/images/raster.ts";
import { type Datum, decodeDatum } from "../../../src/io/proto/datum.ts";
import { FormatError } from "../../../src/util/errors.ts";
import { Random } from "../../../src/util/random.ts";
import { noise } from "../../support/nets.ts";
import { unchanged } from "../../support/record-plans.ts";

/** channels×3×4 bytes 0, 1, 2, ... */
const image = (channels = 1, more: Partial<Datum> = {}): Datum => ({
  channels,
  height: 3,
  width: 4,
  data: Uint8Array.from({ length: 12 * channels }, (_, i) => i),
  label: 0,
  floatData: undefined,
  encoded: false,
  ...more,
});

function run(transform: Partial<Transform>, datum: Datum, random?: Random): number[] {
  const transformer = new DataTransformer({ ...unchanged, ...transform });
  const raster = rasterOf(datum);
  const [c, h, w] = transformer.outputShape(raster);
  const out = new Float32Array(c * h * w);
  transformer.transform(raster, out, random);
  return [...out];
}

describe("DataTransformer", () => {
  test("leaves an image as it is by default, bytes or floats", () => {
    expect(run({}, image())).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const floats = { data: new Uint8Array(0), floatData: new Float32Array(12).fill(-0.5) };
    expect(run({ scale: 4 }, image(1, floats))).toEqual(Array(12).fill(-2));
  });

  test("crops the centre in testing, subtracts the mean of that place, then scales", () => {
    const mean = { shape: [1, 1, 3, 4], data: Float32Array.from({ length: 12 }, (_, i) => i % 4) };
    // Row (3 - 2) / 2 = 0, column (4 - 2) / 2 = 1: pixels 1 2 / 5 6 less 1 2 / 1 2, halved.
    expect(run({ phase: "TEST", cropHeight: 2, cropWidth: 2, mean, scale: 0.5 }, image())).toEqual([
      0, 0, 2, 2,
    ]);
  });

  test("mirrors in both phases, the mean with the image", () => {
    const mean = { shape: [1, 3, 4], data: Float32Array.from({ length: 12 }, (_, i) => i) };
    for (const phase of ["TRAIN", "TEST"] as const) {
      const seen = new Set<string>();
      for (let k = 0; k < 20; k++) {
        seen.add(run({ mirror: true, phase }, image(), new Random(1, "d", k)).join());
        expect(run({ mirror: true, phase, mean }, image(), new Random(1, "d", k))).toEqual(
          Array(12).fill(0),
        );
      }
      expect([...seen].sort()).toEqual(["0,1,2,3,4,5,6,7,8,9,10,11", "3,2,1,0,7,6,5,4,11,10,9,8"]);
    }
  });

  test("crops at every place in training, each alike", () => {
    const counts = new Map<number, number>();
    for (let k = 0; k < 600; k++) {
      const [first = -1] = run({ cropHeight: 2, cropWidth: 2 }, image(), new Random(1, "d", k));
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 4, 5, 6]);
    for (const count of counts.values()) expect(count).toBeGreaterThan(60);
  });

  test("takes a mean of two axes for one channel", () => {
    const mean = { shape: [3, 4], data: Float32Array.from({ length: 12 }, (_, i) => i) };
    expect(run({ mean }, image())).toEqual(
      run({ mean: { ...mean, shape: [1, 1, 3, 4] } }, image()),
    );
  });

  test("subtracts one mean value, or one for each channel", () => {
    const first = (values: number[]): number[] => {
      const out = run({ meanValues: values }, image(2));
      return [out[0] ?? Number.NaN, out[12] ?? Number.NaN];
    };
    expect(first([10])).toEqual([-10, 2]);
    expect(first([1, 2])).toEqual([-1, 10]);
  });

  test("draws random numbers only where something is random", () => {
    const isRandom = (more: Partial<Transform>): boolean =>
      new DataTransformer({ ...unchanged, ...more }).isRandom;
    expect(isRandom({})).toBe(false);
    expect(isRandom({ cropHeight: 2, cropWidth: 2, phase: "TEST" })).toBe(false);
    expect(isRandom({ cropHeight: 2, cropWidth: 2 })).toBe(true);
    expect(isRandom({ mirror: true, phase: "TEST" })).toBe(true);
  });

  const mean = { shape: [1, 1, 2, 2], data: new Float32Array(4) };
  test.each<[Partial<Transform>, Partial<Datum>, string]>([
    [{ cropHeight: 4, cropWidth: 4 }, {}, "crop_size is 4, and a record is 1×3×4"],
    [{ mean }, {}, "the mean image is 1×2×2, and a record is 1×3×4. Expected equal sizes"],
    [{ meanValues: [1, 2] }, {}, "mean_value is given 2 times"],
    [{ mean, meanValues: [1] }, {}, "Cannot specify mean_file and mean_value at the same time"],
    [{}, { width: 5 }, "a record of 1×3×5 holds 12 values. Expected 15"],
    [{}, { channels: -3, height: -1 }, "a record is -3×-1×4. Expected 1×1×1 or more"],
  ])("refuses %o of %o", (transform, datum, message) => {
    expect(() => run(transform, image(1, datum))).toThrow(message);
    expect(() => run(transform, image(1, datum))).toThrow(FormatError);
  });
});

describe("the addon does what the plain loop does, to the bit", () => {
  const bytes = Uint8Array.from(noise(3 * 40 * 50, 4), (value) => Math.floor((value + 1) * 127.9));
  const floats = Float32Array.from(noise(3 * 40 * 50, 5), (value) => 300 * value);
  const mean = {
    shape: [3, 40, 50],
    data: Float32Array.from(noise(6000, 6), (value) => 99 * value),
  };
  const rasters = {
    "channel by channel": planar(bytes, 3, 40, 50),
    "row by row": interleaved(bytes, 3, 40, 50),
    "turned by EXIF": oriented(interleaved(bytes, 3, 50, 40), 6),
    floats: planar(floats, 3, 40, 50),
  };
  const transforms: Record<string, Partial<Transform>> = {
    "as it is": {},
    "a mean image": { mean, scale: 0.017, mirror: true, cropHeight: 33, cropWidth: 33 },
    "a mean value": { meanValues: [104.25], scale: 1 / 255, mirror: true },
    "a value for each channel": {
      meanValues: [103.939, 116.779, 123.68],
      cropHeight: 30,
      cropWidth: 30,
    },
  };

  test("which is built here", () => expect(imagesAddon()).toBeDefined());

  test.each(
    Object.entries(rasters).flatMap(([layout, raster]) =>
      Object.entries(transforms).map(([name, more]) => [layout, name, raster, more] as const),
    ),
  )("%s, %s", (_layout, _name, raster, more) => {
    const transformer = new DataTransformer({ ...unchanged, ...more });
    const [c, h, w] = transformer.outputShape(raster);
    for (let key = 0; key < 4; key++) {
      const native = new Float32Array(c * h * w);
      // Float64Arrays are left to the plain loop.
      const plainly = new Float64Array(c * h * w);
      transformer.transform(raster, native, new Random(1, key));
      transformer.transform(raster, plainly, new Random(1, key));
      expect(native).toEqual(Float32Array.from(plainly));
    }
  });
});

test("Datum: floats, packed or not, and unknown fields", () => {
  const floats = [0, 0, 128, 63, 0, 0, 0, 64].map(Number);
  const unpacked = [0x35, ...floats.slice(0, 4), 0x35, ...floats.slice(4)];
  const packed = [0x32, 8, ...floats];
  for (const field of [unpacked, packed]) {
    const bytes = Uint8Array.from([0x08, 2, 0x10, 1, 0x18, 1, ...field, 0x78, 9, 0x28, 7]);
    const datum = decodeDatum(bytes, "db");
    expect(datum).toMatchObject({ channels: 2, height: 1, width: 1, label: 7 });
    expect([...(datum.floatData ?? [])]).toEqual([1, 2]);
  }
});
