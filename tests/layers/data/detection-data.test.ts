import { beforeAll, describe, expect, test } from "vitest";
import type { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import { netOf } from "../../support/nets.ts";
import { rows, tops, values, writeObjectFiles } from "../../support/object-files.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();
beforeAll(() => writeObjectFiles(root));

const detection = (
  param: string,
  transform = "",
  names: readonly string[] = ["y", "map", "boxes"],
  options: Partial<NetOptions> = {},
): Net =>
  netOf(
    `layer { name: "t" type: "DetectionData" ${tops(names)} detection_data_param { output_gt_boxes: true ${param} } transform_param { ${transform} } }`,
    { root, ...options },
  );

describe("DetectionData", () => {
  const STRIDE = "stride: 4 field_w: 4 field_h: 4";

  test("counts a box's last pixel, and tells of difficult objects", async () => {
    const net = detection(
      `source: "cascade.txt" batch_size: 1 ${STRIDE} crop_width: 16 crop_height: 8`,
    );
    await net.forward();
    expect(rows(values(net, "boxes"), 8)).toEqual([
      [0, 0, 0, 3, 3, 3, 0, 0],
      [0, 9, 1, 12, 4, 2, 1, 1],
    ]);
    const [label, x, , width, , overlap] = rows(values(net, "map"), 8);
    // An anchor from 0 to 4 has 25 pixels, 16 of them the object's.
    expect(label).toEqual([3, 0, 0, 0, 0, 0, 0, 0]);
    expect([x?.[0], width?.[0]]).toEqual([1.5, 4]);
    expect(overlap?.[0]).toBeCloseTo(16 / 25, 6);
    // The region covers 16 of the last anchor's 25.
    expect(overlap?.[7]).toBe(1);
    await net.forward();
    expect(values(net, "boxes")).toEqual(new Array(8).fill(-1));
  });

  test("turns its input's longer side as the image has it", async () => {
    const net = detection(
      `source: "cascade.txt" batch_size: 1 ${STRIDE} short_size: 32 long_size: 64`,
    );
    expect(net.blob("y").shape).toEqual([1, 1, 64, 32]);
    await net.forward();
    expect(net.blob("y").shape).toEqual([1, 1, 32, 64]);
    expect(net.blob("map").shape).toEqual([1, 6, 8, 16]);
    // Boxes of 4 pixels in 8 rows are 16 high of 32.
    expect(values(net, "boxes").slice(0, 5)).toEqual([0, 0, 0, 12, 12]);
    await net.forward();
    expect(net.blob("y").shape).toEqual([1, 1, 64, 32]);
  });

  test("draws the factor of its sides for each batch", async () => {
    const net = detection(
      `source: "cascade.txt" batch_size: 1 ${STRIDE} short_size: 32 long_size: 64 template_ratio: 1 template_ratio: 2`,
    );
    const shapes = new Set<string>();
    for (let i = 0; i < 20; i++) {
      await net.forward();
      shapes.add(net.blob("y").shape.slice(2).join("×"));
    }
    expect(shapes).toEqual(new Set(["32×64", "64×32", "64×128", "128×64"]));
  });

  test.each([
    ["low_scale_ratio: 0.5 high_scale_ratio: 2", 1.9, 8.1],
    ["min_scale: 3 max_scale: 6", 2.2, 6.1],
  ])("zooms: %s", async (zoom, least, most) => {
    const net = detection(
      `source: "cascade.txt" batch_size: 1 ${STRIDE} crop_width: 16 crop_height: 8 multiscale_prob: 1 ${zoom}`,
    );
    const sides: number[] = [];
    for (let i = 0; i < 30; i++) {
      await net.forward();
      const [, x1 = 0, , x2 = 0, , label] = values(net, "boxes");
      if (label === 3) sides.push(x2 - x1 + 1);
      await net.forward();
    }
    expect(new Set(sides).size).toBeGreaterThan(10);
    expect(Math.min(...sides)).toBeGreaterThan(least);
    expect(Math.max(...sides)).toBeLessThan(most);
  });

  test("changes brightness and contrast at random", async () => {
    const net = detection(
      `source: "cascade.txt" batch_size: 1 ${STRIDE} crop_width: 16 crop_height: 8 distort_param { brightness_prob: 1 brightness_delta: 30 }`,
    );
    const seen = new Set<number>();
    for (let i = 0; i < 10; i++) {
      await net.forward();
      const [first = 0, second = 0] = values(net, "y");
      if (first > 0) expect(second - first).toBe(1);
      seen.add(first);
      await net.forward();
    }
    expect(seen.size).toBeGreaterThan(3);
  });

  test("ignores anchors that leave the image", async () => {
    const wide = "stride: 4 field_w: 12 field_h: 4";
    const param = `source: "cascade.txt" batch_size: 1 ${wide} crop_width: 16 crop_height: 8`;
    const margin = detection(`${param} anchor_ignore_margin_ratio: 0`);
    await margin.forward();
    const [, , , , , overlap = []] = rows(values(margin, "map"), 8);
    // The second of the first row alone lies inside, 12 and 8 being outside; the first is the object's by its middle.
    expect(overlap.map((value) => value === 1)).toEqual([false, false, ...new Array(6).fill(true)]);
    const share = detection(`${param} anchor_ignore_iou_thr: 0.6`);
    await share.forward();
    const [, , , , , inside = []] = rows(values(share, "map"), 8);
    // From −4 to 8 of an anchor's 13 columns 9 lie inside, and 4 of 5 rows count at the lower edge.
    expect(inside[0]).not.toBe(1);
  });

  test.each([
    ["random_aspect", ["aabb", "bbaa"]],
    ["random_mix_aspect", ["abab", "baba"]],
  ])("shuffle: %s", async (shuffle, expected) => {
    const net = detection(
      `source: "high.txt" batch_size: 1 shuffle: "${shuffle}" mix_group_size: 1`,
      "",
      ["y", "boxes"],
    );
    const seen = new Set<string>();
    for (let pass = 0; pass < 12; pass++) {
      let order = "";
      for (let i = 0; i < 4; i++) {
        await net.forward();
        order += net.blob("y").shape[2] === 8 ? "a" : "b";
      }
      seen.add(order);
    }
    expect(seen).toEqual(new Set(expected));
  });

  test.each([
    ['shuffle: "any"', "Expected random, random_aspect, random_mix_aspect"],
    ["fg_threshold: 0", "Expected above 0"],
    ["resize_ratio: 2 short_size: 32 long_size: 64", "has several sizes"],
    ["min_scale: 1 max_scale: 2 low_scale_ratio: 1 high_scale_ratio: 2", "Expected one of both"],
    ["min_scale: 3 max_scale: 2", "Expected the lower one first"],
    ["multiscale_prob: nan", "multiscale_prob is NaN. Expected 0 to 1"],
    ["template_ratio: 1 template_ratio: 0", "template_ratio is 0. Expected each above 0"],
    ["distort_param { contrast_lower: 2 contrast_upper: 1 }", "Expected 0 ≤ lower ≤ upper"],
    ["resize_param { }", "Expected resize_width and resize_height"],
  ])("refuses %s", (param, message) => {
    expect(() => detection(`source: "cascade.txt" batch_size: 1 ${STRIDE} ${param}`)).toThrow(
      message,
    );
  });
});
