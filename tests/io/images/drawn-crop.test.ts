import { describe, expect, test } from "vitest";
import { DataTransformer, type Transform } from "../../../src/io/images/data-transformer.ts";
import { type DrawnCrop, drawPart } from "../../../src/io/images/drawn-crop.ts";
import { planar } from "../../../src/io/images/raster.ts";
import { resizeLinear } from "../../../src/io/images/resize.ts";
import { Random } from "../../../src/util/random.ts";
import { unchanged } from "../../support/record-plans.ts";

/** Every part that comes of many draws, as text. */
const drawn = (
  how: Partial<DrawnCrop>,
  [height, width]: readonly [number, number],
  crop: number,
): string[] => {
  const choice = { places: undefined, ratios: undefined, mostDistortion: 1, ...how };
  const random = new Random(1);
  const parts = Array.from({ length: 2000 }, () => {
    const part = drawPart(choice, { height, width }, { height: crop, width: crop }, random);
    expect(part.top + part.height).toBeLessThanOrEqual(height);
    expect(part.left + part.width).toBeLessThanOrEqual(width);
    return `${part.top},${part.left} ${part.height}×${part.width}`;
  });
  return [...new Set(parts)].sort();
};

describe("a part that is drawn for the crop", () => {
  test("lies in a corner or the middle, in steps of whole quarters of what is left", () => {
    expect(drawn({ places: "five" }, [10, 14], 4)).toEqual([
      "0,0 4×4",
      "0,8 4×4",
      "2,4 4×4",
      "4,0 4×4",
      "4,8 4×4",
    ]);
    const more = ["0,4", "1,2", "1,6", "2,0", "2,8", "3,2", "3,6", "4,4"];
    const thirteen = drawn({ places: "thirteen" }, [10, 14], 4);
    expect(thirteen).toHaveLength(13);
    for (const place of more) expect(thirteen).toContain(`${place} 4×4`);
  });

  test("has sides of the shorter one's ratios, next to one another, and the crop's where they are alike", () => {
    const sizes = (mostDistortion: number, ratios = [1, 0.875, 0.75, 0.66]): string[] => {
      const parts = drawn({ places: "five", ratios, mostDistortion }, [80, 100], 62);
      return [...new Set(parts.map((part) => part.split(" ")[1] ?? ""))].sort();
    };
    expect(sizes(0)).toEqual(["52×52", "62×62", "70×70", "80×80"]);
    expect(sizes(1)).toHaveLength(10);
    expect(sizes(3)).toHaveLength(16);
    expect(sizes(1, [0.5])).toEqual(["40×40"]);
  });
});

describe("DataTransformer", () => {
  const image = planar(
    Uint8Array.from({ length: 2 * 20 * 24 }, (_, i) => (i * 37) % 251),
    2,
    20,
    24,
  );
  const run = (transform: Partial<Transform>, seed: number) => {
    const transformer = new DataTransformer({
      ...unchanged,
      cropHeight: 12,
      cropWidth: 12,
      drawnCrop: { places: "five", ratios: [1, 0.8], mostDistortion: 1 },
      ...transform,
    });
    const out = new Float32Array(2 * 12 * 12);
    const cut = transformer.add(image, out, 0, new Random(seed));
    transformer.flush();
    return { out, cut };
  };

  test("resizes a part of another size to the crop, and tells where it lies", () => {
    const sides = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const { out, cut } = run({ scale: 2 }, seed);
      sides.add(cut.height);
      const seen = resizeLinear(image, 12, 12, cut);
      expect([...out]).toEqual(Array.from(seen.data, (value) => 2 * value));
    }
    expect([...sides].sort()).toEqual([16, 20]);
  });

  test("cuts out the middle in TEST", () => {
    const { cut } = run({ phase: "TEST" }, 1);
    expect(cut).toMatchObject({ top: 4, left: 6, height: 12, width: 12 });
  });

  test("turns the first channel of a flow round where it is mirrored", () => {
    const plain = { drawnCrop: undefined, phase: "TEST", mirror: true, isFlow: true } as const;
    const mirrored = new Set<boolean>();
    for (let seed = 0; seed < 8; seed++) {
      const { out, cut } = run({ ...plain, meanValues: [128] }, seed);
      mirrored.add(cut.isMirrored);
      for (const channel of [0, 1]) {
        const from = channel * 480 + 4 * 24 + 6;
        const row = Array.from(image.data.subarray(from, from + 12), (value) => value - 128);
        const turned = row.reverse().map((value) => (channel === 0 ? 255 - 256 - value : value));
        const told = [...out.subarray(channel * 144, channel * 144 + 12)];
        expect(told).toEqual(cut.isMirrored ? turned : row.reverse());
      }
    }
    expect(mirrored.size).toBe(2);
  });

  test("refuses to resize floats", () => {
    const floats = planar(new Float32Array(960), 2, 20, 24);
    const transformer = new DataTransformer({
      ...{ ...unchanged, cropHeight: 12, cropWidth: 12 },
      drawnCrop: { places: undefined, ratios: [1], mostDistortion: 0 },
    });
    expect(() => transformer.transform(floats, new Float32Array(288), new Random(1))).toThrow(
      /its values are floats, which transform_param.multi_scale cannot resize/,
    );
  });
});
