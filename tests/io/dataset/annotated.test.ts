// What can be asked of a database of annotated images: info, verify, head, and its mean.
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { computeImageMean } from "../../../src/io/convert/image-mean.ts";
import { writeHead } from "../../../src/io/dataset/head.ts";
import { datasetInfo } from "../../../src/io/dataset/info.ts";
import { verifyDataset } from "../../../src/io/dataset/verify.ts";
import { createLmdb } from "../../../src/io/db/lmdb/create.ts";
import {
  BBOX,
  BBOX_AND_MASK,
  encodeAnnotatedDatum,
} from "../../../src/io/proto/annotated-datum.ts";
import { writeRecords } from "../../support/record-plans.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

type Box = readonly [number, number, number, number];

const root = temporaryFolder();
let count = 0;

/** A database of black images of 3×4×4 with these objects, `[label, box]`; with labels alone where there are none. */
async function database(
  ...images: readonly (readonly (readonly [label: number, box: Box])[] | number)[]
): Promise<string> {
  const path = join(root, `db${count++}`);
  const writer = createLmdb(path);
  for (const [i, objects] of images.entries()) {
    const isLabel = typeof objects === "number";
    const datum = { channels: 3, height: 4, width: 4, data: new Uint8Array(48), label: isLabel ? objects : -1 }; // biome-ignore format: short
    const groups = isLabel
      ? []
      : objects.map(([label, box]) => ({
          label,
          annotations: [{ instance: 0, box, isDifficult: false }],
        }));
    const type = isLabel ? undefined : BBOX;
    await writer.put(String(i), encodeAnnotatedDatum({ datum, type, groups }));
  }
  await writer.finish();
  return path;
}

const whole: Box = [0, 0, 1, 1];

test("boxes are counted by label, and records without any", async () => {
  const path = await database([[2, whole], [1, whole]], [], [[2, whole]]); // biome-ignore format: short
  const { labels, boxes, shapes, damaged } = datasetInfo(path);
  expect([...labels]).toEqual([[1, 1], [2, 2]]); // biome-ignore format: short
  expect(boxes).toEqual({ count: 3, without: 1 });
  expect([...shapes]).toEqual([["3×4×4", 3]]);
  expect(damaged).toBe(0);
});

test("images that have a label alone are counted by it", async () => {
  const { labels, boxes } = datasetInfo(await database(3, 3));
  expect([[...labels], boxes]).toEqual([[[3, 2]], undefined]);
});

test("a label below 0 and a box that ends before it begins, or nowhere, are damage", async () => {
  const path = await database(
    [[1, whole]],
    [[-1, whole]],
    [[1, [0.5, 0, 0.25, 1]]],
    [[1, [0, Number.NaN, 1, 1]]],
  );
  const problems: string[] = [];
  const result = await verifyDataset(path, 0, (key, problem) => problems.push(`${key} ${problem}`));
  expect(result).toEqual({ count: 4, damaged: 3 });
  expect(problems).toEqual([
    "1 its label is -1. Expected 0 or more.",
    "2 an object's box is 0.5, 0, 0.25, 1. Expected xmin ≤ xmax and ymin ≤ ymax.",
    "3 an object's box is 0, NaN, 1, 1. Expected xmin ≤ xmax and ymin ≤ ymax.",
  ]);
});

test("head draws boxes, cut off at the image's edge", async () => {
  const path = await database([[1, [0.25, 0.25, 2, 0.5]]], []);
  const [first, second] = await writeHead(path, join(root, "head"), 2);
  expect([first?.boxes, second?.boxes]).toEqual([1, 0]);
  const { data } = await sharp(first?.path).raw().toBuffer({ resolveWithObject: true });
  const red = Array.from({ length: 16 }, (_, i) => [...data.subarray(3 * i, 3 * i + 3)].join());
  const [o, x] = ["0,0,0", "255,0,0"];
  expect(red).toEqual([o, o, o, o, o, x, x, x, o, x, x, x, o, o, o, o]);
});

test("the mean is that of the images", async () => {
  const { shape, count: images } = await computeImageMean(await database([], []), 0);
  expect([shape, images]).toEqual([[3, 4, 4], 2]);
});

test("masks are counted, and one that is damaged or of another size is told of", async () => {
  const png = (side: number): Promise<Buffer> =>
    sharp(new Uint8Array(side * side), { raw: { width: side, height: side, channels: 1 } })
      .toColourspace("b-w")
      .png()
      .toBuffer();
  const datum = { channels: 1, height: 4, width: 4, data: new Uint8Array(16), label: -1 };
  const path = join(root, "masked");
  const masks = [await png(4), undefined, await png(3), Uint8Array.of(1, 2)];
  await writeRecords(
    path,
    masks.map((mask) =>
      encodeAnnotatedDatum({ datum: { ...datum, mask }, type: BBOX_AND_MASK, groups: [] }),
    ),
  );
  expect(datasetInfo(path)).toMatchObject({ masks: 3, damaged: 0 });
  const told: string[] = [];
  await verifyDataset(path, 1, (key, problem) => told.push(`${key}: ${problem}`));
  expect(told).toEqual([
    "00000002: its mask is 3×3. Expected 4×4, the image's size.",
    expect.stringMatching(/^00000003: Could not load its mask/),
  ]);
});
