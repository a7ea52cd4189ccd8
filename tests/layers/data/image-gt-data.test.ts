import { beforeAll, describe, expect, test } from "vitest";
import type { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import { netOf } from "../../support/nets.ts";
import { rows, tops, values, writeObjectFiles } from "../../support/object-files.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();
beforeAll(() => writeObjectFiles(root));

const gt = (param: string, transform = "", options: Partial<NetOptions> = {}): Net =>
  netOf(
    `layer { name: "t" type: "ImageGtData" ${tops(["y", "map", "boxes"])} image_gt_data_param { source: "mscnn.txt" batch_size: 1 output_gt_boxes: true ${param} } transform_param { ${transform} } }`,
    { root, ...options },
  );

const MAP = "downsample_rate: 4 field_w: 4 field_h: 4";

describe("ImageGtData", () => {
  test("gives images, objects, and what every anchor is of", async () => {
    const net = gt(`${MAP} fg_threshold: 0.4 scale: 2`, "mean_value: 1");
    expect(net.blob("map").shape).toEqual([1, 6, 2, 4]);
    expect(net.blob("boxes").shape).toEqual([1, 7, 1, 1]);
    await net.forward();
    expect(values(net, "y").slice(0, 3)).toEqual([-2, 0, 2]);
    expect(values(net, "y")[16]).toBe(18);
    expect(rows(values(net, "boxes"), 7)).toEqual([
      [0, 1, 1, 5, 5, 3, 0],
      [0, 9, 1, 13, 5, 2, 1],
    ]);
    const [label, x, y, width, height, overlap] = rows(values(net, "map"), 8);
    // Anchors are 4×4 from (0, 0); the first has 3×3 of 16 + 16 − 9 in common with the object. It is the object's by its
    // middle, for no anchor overlaps it by more than 0.4.
    expect(label).toEqual([3, 0, 0, 0, 0, 0, 0, 0]);
    expect([x?.[0], y?.[0], width?.[0], height?.[0]]).toEqual([3, 3, 4, 4]);
    const [whole, part, corner] = [9 / 23, 3 / 29, 1 / 31];
    // The last anchor lies in the region.
    expect(overlap).toBeAllClose([whole, part, whole, part, part, corner, part, 1]);
  });

  test("labels anchors that overlap an object enough, but for ignored ones and small ones", async () => {
    const net = gt(`${MAP} fg_threshold: 0.3`);
    await net.forward();
    const [label, x] = rows(values(net, "map"), 8);
    expect(label).toEqual([3, 0, 0, 0, 0, 0, 0, 0]);
    // The ignored one is told with class 0.
    expect(x).toEqual([3, 0, 11, 0, 0, 0, 0, 0]);
    const small = gt(`${MAP} fg_threshold: 0.3 min_gt_width: 6`);
    await small.forward();
    expect(values(small, "map").slice(0, 8)).toEqual(new Array(8).fill(0));
    expect(rows(values(small, "boxes"), 7).map((row) => row[6])).toEqual([1, 1]);
  });

  test("crops around an object, and its boxes, mirrored or not, move with it", async () => {
    const net = gt(`${MAP} crop_width: 8 crop_height: 4`, "mirror: true");
    expect(net.blob("y").shape).toEqual([1, 1, 4, 8]);
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) {
      await net.forward();
      const pixels = values(net, "y");
      const step = (pixels[1] ?? 0) - (pixels[0] ?? 0);
      const [, x1 = 0, y1 = 0] = values(net, "boxes");
      // The object's left upper corner is pixel 11, or, mirrored, its right one is at 5: 16 − 5 = 11 lies to the left.
      const column = step === 1 ? (pixels[0] ?? 0) % 10 : 0;
      if (step === 1) expect([x1, y1]).toEqual([1 - column, 1 - Math.floor((pixels[0] ?? 0) / 10)]);
      expect(Math.abs(step)).toBe(1);
      seen.add(`${step} ${x1} ${y1}`);
    }
    expect(seen.size).toBeGreaterThan(8);
  });

  test("pads an image that is smaller, and labels nothing beside it", async () => {
    const net = gt(`${MAP} resize_width: 8 resize_height: 4 crop_width: 8 crop_height: 12`);
    await net.forward();
    const [, , , , , overlap = []] = rows(values(net, "map"), 6);
    expect(overlap.length).toBe(6);
    const pixels = rows(values(net, "y"), 8);
    const empty = pixels.filter((row) => row.every((value) => value === 0));
    expect(empty).toHaveLength(8);
    expect(overlap.filter((value) => value === 1).length).toBeGreaterThanOrEqual(4);
  });

  test("sees objects at many sizes", async () => {
    const net = gt(
      `${MAP} do_multiple_scale: true min_scale: 2 max_scale: 8 min_whaspect: 0.5 max_whaspect: 2`,
    );
    const widths = new Set<number>();
    for (let i = 0; i < 80; i++) {
      await net.forward();
      const [, x1 = 0, , x2 = 0] = values(net, "boxes");
      widths.add(Math.round(100 * (x2 - x1)) / 100);
    }
    // An octave below and above the object's 4 in halves, and other forms.
    for (const width of [2, 2.83, 4, 5.66, 8]) expect([...widths]).toContain(width);
    expect(widths.size).toBeGreaterThan(5);
  });

  test("goes on from its state as if never stopped", async () => {
    const param = `${MAP} shuffle: true fg_img_multiple: 3 crop_width: 8 crop_height: 8`;
    const first = gt(param, "mirror: true", { seed: 3 });
    await first.forward();
    const resumed = gt(param, "mirror: true", { seed: 4 });
    await resumed.layers[0]?.restore(first.layers[0]?.state() ?? {});
    for (let i = 0; i < 4; i++) {
      await Promise.all([first.forward(), resumed.forward()]);
      for (const name of ["y", "map", "boxes"]) {
        expect(values(resumed, name)).toEqual(values(first, name));
      }
    }
  });

  test.each([
    [`${MAP} field_w: 4`, "Expected as many of each"],
    ["", "has no downsample_rate"],
    [`${MAP} downsample_rate: 8 field_w: 8 field_h: 8`, "3 tops. Expected 4"],
    ["downsample_rate: 0 field_w: 4 field_h: 4", "downsample_rate is 0"],
    [`${MAP} coord_num: 5`, "coord_num is 5"],
    ["downsample_rate: 500 field_w: 4 field_h: 4", "a map of every 500th pixel has no element"],
    [`${MAP} fg_threshold: nan`, "a threshold of overlaps is NaN"],
    [`${MAP} scale: inf`, "scale is Infinity. Expected a finite number"],
    [`${MAP} do_multiple_scale: true min_scale: 9 max_scale: 3`, "min_scale ≤ max_scale"],
  ])("refuses %s", (param, message) => {
    expect(() => gt(param)).toThrow(message);
  });

  test.each([
    ["empty.txt", /File is empty/],
    ["columns.txt", /columns\.txt:3: y2 is "0"|columns\.txt:4: the number of regions is ""/],
    ["class.txt", /class\.txt:2: a class is "0". Expected 1 or more, whole/],
    ["none.txt", /no such file or directory/],
  ])("says what is wrong with %s", (source, message) => {
    const layer = `layer { name: "t" type: "ImageGtData" top: "y" top: "map" image_gt_data_param { source: "${source}" batch_size: 1 ${MAP} } }`;
    expect(() => netOf(layer, { root })).toThrow(message);
  });

  test("says which image cannot be read", async () => {
    const net = netOf(
      `layer { name: "t" type: "ImageGtData" top: "y" top: "map" image_gt_data_param { source: "lost.txt" batch_size: 1 ${MAP} } }`,
      { root },
    );
    await expect(net.forward()).rejects.toThrow(/lost\.txt: image 0, lost\.png: .*no such file/);
  });
});
