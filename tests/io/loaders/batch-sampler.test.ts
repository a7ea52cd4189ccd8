import { describe, expect, test } from "vitest";
import { planar } from "../../../src/io/images/raster.ts";
import { type BatchSampler, drawPart, partOf } from "../../../src/io/loaders/batch-sampler.ts";
import type { AnnotationGroup } from "../../../src/io/proto/annotated-datum.ts";
import { type Box, overlapOf } from "../../../src/util/box.ts";
import { Random } from "../../../src/util/random.ts";

const anything = { least: undefined, most: undefined };
const SAMPLER: BatchSampler = {
  minScale: 0.3,
  maxScale: 1,
  minAspect: 0.5,
  maxAspect: 2,
  jaccard: anything,
  sampleCoverage: anything,
  objectCoverage: anything,
  maxSample: 1,
  maxTrials: 50,
};

const object: Box = [0.2, 0.3, 0.6, 0.9];
const groups: readonly AnnotationGroup[] = [
  { label: 1, annotations: [{ instance: 0, box: object, isDifficult: false }] },
];

const parts = (...samplers: BatchSampler[]): (Box | undefined)[] =>
  Array.from({ length: 60 }, (_, k) =>
    drawPart({ kind: "samplers", samplers }, groups, false, new Random(k)),
  );

describe("batch_sampler", () => {
  test("draws parts within the image, of the scales and aspects that it may", () => {
    for (const part of parts(SAMPLER)) {
      const [x0, y0, x1, y1] = part as Box;
      expect(Math.min(x0, y0)).toBeGreaterThanOrEqual(0);
      expect(Math.max(x1, y1)).toBeLessThanOrEqual(1 + 1e-6);
      const scale = Math.sqrt((x1 - x0) * (y1 - y0));
      expect(scale).toBeGreaterThanOrEqual(0.3 - 1e-6);
      const aspect = (x1 - x0) / (y1 - y0);
      expect(aspect).toBeGreaterThan(0.49);
      expect(aspect).toBeLessThan(2.01);
    }
  });

  test("takes only parts that overlap a box as it asks", () => {
    const found = parts({ ...SAMPLER, jaccard: { least: 0.5, most: undefined } });
    const taken = found.filter((part) => part !== undefined);
    expect(taken.length).toBeGreaterThan(20);
    for (const part of taken) expect(overlapOf(part, object)).toBeGreaterThanOrEqual(0.5);
    const apart = parts({ ...SAMPLER, jaccard: { least: undefined, most: 0.1 } });
    for (const part of apart) if (part) expect(overlapOf(part, object)).toBeLessThanOrEqual(0.1);
  });

  test("covers objects, and is covered by them, as it asks", () => {
    for (const part of parts({ ...SAMPLER, objectCoverage: { least: 1, most: undefined } })) {
      if (!part) continue;
      expect(part[0]).toBeLessThanOrEqual(object[0]);
      expect(part[3]).toBeGreaterThanOrEqual(object[3]);
    }
    const inner = { ...SAMPLER, minScale: 0.1, maxScale: 0.2, maxTrials: 500 };
    const covered = parts({ ...inner, sampleCoverage: { least: 1, most: undefined } });
    expect(covered.filter((part) => part).length).toBeGreaterThan(50);
  });

  test("finds nothing where no part may be", () => {
    const never = { ...SAMPLER, jaccard: { least: 2, most: undefined } };
    expect(parts(never).every((part) => part === undefined)).toBe(true);
    expect(parts({ ...SAMPLER, maxTrials: 0 })[0]).toBeUndefined();
    expect(parts()[0]).toBeUndefined();
  });

  test("YOLO's jitter makes sides shorter by no more than it says", () => {
    const jitter = { kind: "jitter", jitter: 0.3 } as const;
    const drawn = Array.from({ length: 100 }, (_, k) =>
      drawPart(jitter, groups, true, new Random(k)),
    ) as Box[];
    expect(drawn.filter(([x0, , x1]) => x0 === 0 && x1 === 1).length).toBeGreaterThan(8);
    for (const [x0, y0, x1, y1] of drawn) {
      expect(x1 - x0).toBeGreaterThanOrEqual(0.7 - 1e-6);
      expect(y1 - y0).toBeCloseTo(x1 - x0);
    }
  });
});

describe("the part of an image that a box shows", () => {
  const image = planar(
    Uint8Array.from({ length: 24 }, (_, i) => i),
    1,
    4,
    6,
  );

  test("is of whole pixels, in the same memory", () => {
    const { image: part, region } = partOf(image, [0.34, 0.25, 0.84, 1]);
    expect(region).toEqual([2 / 6, 1 / 4, 5 / 6, 1]);
    expect([part.height, part.width, part.offset]).toEqual([3, 3, 8]);
    expect(part.data).toBe(image.data);
  });

  test("is one pixel at least", () => {
    const { image: part } = partOf(image, [0.99, 0.99, 0.995, 0.995]);
    expect([part.height, part.width, part.offset]).toEqual([1, 1, 23]);
  });
});
