import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { BBOX, encodeAnnotatedDatum } from "../../../src/io/proto/annotated-datum.ts";
import { encodeDatum } from "../../../src/io/proto/datum.ts";
import type { Net } from "../../../src/net/net.ts";
import { netOf } from "../../support/nets.ts";
import { writeRecords } from "../../support/record-plans.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();
const SIDE = 20;
let databases = 0;

async function database(...records: readonly Uint8Array[]): Promise<string> {
  const name = `db${databases++}`;
  await writeRecords(join(root, name), records);
  return name;
}

/** A grey image, bright where the box [x, y, width, height] of pixels is. */
const png = (x: number, y: number, width: number, height: number): Promise<Buffer> => {
  const data = new Uint8Array(SIDE * SIDE).fill(10);
  for (let row = y; row < y + height; row++) {
    data.fill(250, row * SIDE + x, row * SIDE + x + width);
  }
  return sharp(data, { raw: { width: SIDE, height: SIDE, channels: 1 } })
    .toColourspace("b-w")
    .png()
    .toBuffer();
};

const record = async (floats: readonly number[], more: object = {}): Promise<Uint8Array> =>
  encodeDatum({
    ...{ channels: 1, height: SIDE, width: SIDE, data: await png(4, 8, 8, 4), encoded: true },
    ...{ floatData: Float32Array.from(floats), ...more },
  });

const boxNet = (
  source: string,
  more = "side: 2",
  { phase = "TEST", transform = "", tops = 'top: "data" top: "label"' } = {},
): Net =>
  netOf(
    `layer { name: "data" type: "BoxData" ${tops} data_param { source: "${source}" batch_size: 1 ${more} } transform_param { ${transform} } }`,
    { root, phase: phase as "TEST" | "TRAIN" },
  );

async function labelsOf(net: Net, name = "label"): Promise<number[]> {
  await net.forward();
  const values = Array.from(net.blob(name).values());
  net.close();
  return values;
}

describe("BoxData", () => {
  test("gives the objects of cells: difficult, whether there is one, its class, its box", async () => {
    const boxes = [3, 1, 0.75, 0.25, 0.5, 0.25, 0, 0, 1, 1, 0.5, 0.5, 9, 0, 0.6, 0.9, 0.125, 0.25];
    const net = boxNet(await database(await record(boxes)));
    expect(net.blob("data").shape).toEqual([1, 1, SIDE, SIDE]);
    expect(net.blob("label").shape).toEqual([1, 28]);
    const f = Math.fround;
    expect(await labelsOf(net)).toEqual([
      ...[0, 1, 0, 0],
      ...[0, 1, 0, 1],
      // Of two objects in the last cell the later one counts.
      ...[-1, 3, -1, 9],
      ...[0, 0, 0, 0, 0.75, 0.25, 0.5, 0.25, 0, 0, 0, 0, f(0.6), f(0.9), 0.125, 0.25],
    ]);
  });

  test("gives several grids, one of 7 cells by default, and images alone", async () => {
    const source = await database(await record([0, 0, 0.5, 0.5, 1, 1]));
    const two = boxNet(source, "side: 1 side: 3", { tops: 'top: "data" top: "a" top: "b"' });
    expect([two.blob("a").shape, two.blob("b").shape]).toEqual([
      [1, 7],
      [1, 63],
    ]);
    expect(await labelsOf(two, "a")).toEqual([0, 1, 0, 0.5, 0.5, 1, 1]);
    expect((await labelsOf(boxNet(source, ""))).length).toBe(343);
    expect((await labelsOf(boxNet(source, "", { tops: 'top: "data"' }), "data")).length).toBe(400);
  });

  test("reads what create_annoset writes, label 1 as class 0", async () => {
    const annotated = encodeAnnotatedDatum({
      datum: { channels: 1, height: 2, width: 2, data: new Uint8Array(4), label: -1 },
      type: BBOX,
      groups: [
        { label: 1, annotations: [{ instance: 0, box: [0, 0, 0.5, 1], isDifficult: true }] },
      ],
    });
    const net = boxNet(await database(annotated), "side: 1");
    expect(await labelsOf(net)).toEqual([1, 1, 0, 0.25, 0.5, 0.5, 1]);
  });

  test("in TRAIN draws a part with an object, cut and mirrored, and boxes lie where their pixels are", async () => {
    const source = await database(await record([0, 0, 0.4, 0.5, 0.4, 0.2]));
    for (const transform of ["mirror: true", "mirror: true crop_size: 18"]) {
      const net = boxNet(source, "side: 1", { phase: "TRAIN", transform });
      const places = new Set<number>();
      for (let k = 0; k < 20; k++) {
        await net.forward();
        const side = net.blob("data").shape[3] ?? 0;
        const bright = Array.from(net.blob("data").values(), (value, i) => [value, i] as const)
          .filter(([value]) => value > 130)
          .map(([, i]) => i);
        const columns = bright.map((i) => i % side);
        const [, isThere, label, x = 0, , width = 0] = net.blob("label").values();
        expect([isThere, label]).toEqual([1, 0]);
        places.add(x);
        // A box is not cut off where the image is.
        const [left, right] = [Math.max(x - width / 2, 0), Math.min(x + width / 2, 1)];
        expect(Math.abs(left - Math.min(...columns) / side)).toBeLessThan(0.08);
        expect(Math.abs(right - (Math.max(...columns) + 1) / side)).toBeLessThan(0.08);
      }
      expect(places.size).toBeGreaterThan(10);
      net.close();
    }
  });

  test.each<readonly [string, readonly number[], object, RegExp]>([
    ["no boxes", [], {}, /with 0 floats. Expected an image file/],
    ["five numbers", [0, 0, 0, 0, 1], {}, /with 5 floats/],
    ["pixels", [0, 0, 0, 0, 1, 1], { encoded: false }, /a Datum that is not encoded, with 6/],
    ["a class below 0", [-1, 0, 0, 0, 1, 1], {}, /a box is of class -1/],
    ["NaN", [0, 0, Number.NaN, 0, 1, 1], {}, /a box is NaN, 0, 1, 1. Expected finite/],
  ])("refuses a record of %s", async (_what, floats, more, problem) => {
    const source = await database(await record(floats, more));
    expect(() => boxNet(source)).toThrow(problem);
  });

  test.each([
    ["side: 2 side: 3", {}, /side is given 2 times for 1 tops of labels/],
    ["side: 0", {}, /side is 0. Expected 1 or more/],
    ["side: 2", { transform: "max_rotation: 4" }, /which boxes do not follow/],
  ])("refuses %s with %j", async (more, options, problem) => {
    const source = await database(await record([0, 0, 0.5, 0.5, 1, 1]));
    expect(() => boxNet(source, more, options)).toThrow(problem);
  });

  test("an image without objects is seen, in TRAIN too", async () => {
    const annotated = encodeAnnotatedDatum({
      datum: { channels: 1, height: 4, width: 4, data: new Uint8Array(16), label: -1 },
      type: BBOX,
      groups: [],
    });
    const net = boxNet(await database(annotated), "side: 1", { phase: "TRAIN" });
    expect(await labelsOf(net)).toEqual([0, 0, -1, 0, 0, 0, 0]);
  });
});
