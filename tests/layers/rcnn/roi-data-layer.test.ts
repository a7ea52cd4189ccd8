import { join } from "node:path";
import { expect, test } from "vitest";
import { createLmdb } from "../../../src/io/db/lmdb/create.ts";
import { BBOX, encodeAnnotatedDatum } from "../../../src/io/proto/annotated-datum.ts";
import type { Net } from "../../../src/net/net.ts";
import { netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

type Box = readonly [number, number, number, number];

const root = temporaryFolder();
let databases = 0;

/** A database of images of that size, a number each, with objects `[label, box, difficult]`. */
async function database(
  ...images: readonly {
    readonly height: number;
    readonly width: number;
    readonly objects: readonly (readonly [label: number, box: Box, isDifficult?: boolean])[];
  }[]
): Promise<string> {
  const name = `db${databases++}`;
  const writer = createLmdb(join(root, name));
  for (const [k, { height, width, objects }] of images.entries()) {
    const data = new Uint8Array(3 * height * width).map((_, i) => i % width);
    const groups = objects.map(([label, box, isDifficult = false]) => ({
      label,
      annotations: [{ instance: 0, box, isDifficult }],
    }));
    const datum = { channels: 3, height, width, data, label: -1 };
    await writer.put(`0000${k}`, encodeAnnotatedDatum({ datum, type: BBOX, groups }));
  }
  await writer.finish();
  return name;
}

function roiNet(source: string, more = "", tops = ["data", "im_info", "gt_boxes"]): Net {
  const param = `'num_classes': 3, 'source': '${source}', 'PIXEL_MEANS': [1, 1, 1], ${more}`;
  const top = tops.map((name) => `top: "${name}"`).join(" ");
  return netOf(
    `layer { name: "data" type: "Python" ${top} python_param { module: "roi_data_layer.layer" layer: "RoIDataLayer" param_str: "${param}" } }`,
    { root, phase: "TEST" },
  );
}

test("RoIDataLayer gives images at the scale of their shorter side, with objects in pixels", async () => {
  const source = await database(
    { height: 4, width: 8, objects: [[2, [0.25, 0.5, 0.75, 1]], [1, [0, 0, 1, 1], true]] },
    { height: 4, width: 40, objects: [] },
  ); // biome-ignore format: short
  const net = roiNet(source, "'SCALES': [8], 'MAX_SIZE': 20");
  await net.forward();
  expect(net.blob("data").shape).toEqual([1, 3, 8, 16]);
  // Columns 0, 1, 2, … less 1, twice as wide.
  expect([...net.blob("data").values().slice(0, 4)]).toEqual([-1, -0.75, -0.25, 0.25]);
  expect([...net.blob("im_info").values()]).toEqual([8, 16, 2]);
  // The difficult object is none.
  expect(net.blob("gt_boxes").shape).toEqual([1, 5]);
  expect([...net.blob("gt_boxes").values()]).toEqual([4, 4, 11, 7, 2]);
  await net.forward();
  // The longer side would be 80: it is 20.
  expect([...net.blob("im_info").values()]).toEqual([2, 20, 0.5]);
  expect(net.blob("gt_boxes").shape).toEqual([0, 5]);
  net.close();
});

test("RoIDataLayer goes on from a snapshot", async () => {
  const source = await database(
    { height: 4, width: 4, objects: [[1, [0, 0, 1, 1]]] },
    { height: 4, width: 8, objects: [[2, [0, 0, 1, 1]]] },
  );
  const net = roiNet(source, "'SCALES': [4]");
  await net.forward();
  const state = net.layers[0]!.state()!;
  net.close();
  const resumed = roiNet(source, "'SCALES': [4]");
  expect(resumed.layers[0]!.refuses(state)).toBeUndefined();
  resumed.layers[0]!.restore(state);
  await resumed.forward();
  expect(resumed.blob("gt_boxes").values()[4]).toBe(2);
  resumed.close();
});

test("RoIDataLayer reads and scales ahead: batches are the same, made in threads or at once", async () => {
  const source = await database(
    ...[4, 9, 6, 12].map((width, i) => ({
      height: 4,
      width,
      objects: Array.from({ length: i }, (): [number, Box] => [1, [0, 0, 0.5, 1]]),
    })),
  );
  const sizes: number[][] = [];
  const net = roiNet(source, "'SCALES': [40], 'MAX_SIZE': 100");
  for (let pass = 0; pass < 9; pass++) {
    await net.forward();
    const [data, objects] = [net.blob("data"), net.blob("gt_boxes")];
    sizes.push([...data.shape.slice(2), objects.shape[0] ?? 0]);
    // A row of a scaled ramp rises by a pixel's share, from below 0 to the width less 1, less the mean.
    const [first, last] = [data.values()[0], data.values()[(data.shape[3] ?? 0) - 1]];
    expect([first, last]).toEqual([-1, ([4, 9, 6, 12][pass % 4] ?? 0) - 2]);
  }
  const round = [[40, 40, 0], [40, 90, 1], [40, 60, 2], [33, 100, 3]]; // biome-ignore format: short
  expect(sizes).toEqual([...round, ...round, round[0]]);
  net.close();
});

test("RoIDataLayer refuses images without boxes", async () => {
  const writer = createLmdb(join(root, "labels"));
  const datum = { channels: 3, height: 4, width: 4, data: new Uint8Array(48), label: 1 };
  await writer.put("0", encodeAnnotatedDatum({ datum, groups: [] }));
  await writer.finish();
  expect(() => roiNet("labels")).toThrow("has a label for each image. Expected boxes");
});

test("RoIDataLayer says what it needs, and refuses labels beyond its classes", async () => {
  const source = await database({ height: 4, width: 4, objects: [[3, [0, 0, 1, 1]]] });
  const net = roiNet(source);
  await expect(net.forward()).rejects.toThrow("has an object of label 3. Expected 1 to 2");
  net.close();
  expect(() => roiNet("")).toThrow("caffe create_annoset writes");
  expect(() => roiNet("none")).toThrow("none");
  expect(() => roiNet(source, "", ["a", "b", "c", "d", "e", "f"])).toThrow(
    "regions that were proposed before",
  );
});
