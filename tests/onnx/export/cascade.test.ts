// Regions of cascades in ONNX Runtime beside our own: what maps propose, what moves and chooses them, and what is found.
import { describe, expect, test } from "vitest";
import { noise } from "../../support/nets.ts";
import { expectSameRows } from "../../support/onnx-rows.ts";

const REG =
  "bbox_reg_param { bbox_mean: 0 bbox_mean: 0.1 bbox_mean: 0 bbox_mean: -0.1 bbox_std: 0.1 bbox_std: 0.1 bbox_std: 0.2 bbox_std: 0.3 }";

/** Regions R×5 of these images, of all sizes within 100 pixels. */
function regions(count: number, images = 1): number[] {
  return Array.from({ length: count }, (_, r) => {
    const [x = 0, y = 0, w = 0, h = 0] = noise(4, 70 + r).map((v) => 40 + 39 * v);
    return [r % images, x, y, x + w, y + h];
  }).flat();
}

describe("DecodeBBox", () => {
  test.each(["", REG])("moves regions by the offset of an object; %s", async (reg) => {
    const rows = await expectSameRows(
      `type: "DecodeBBox" bottom: "a" bottom: "b" top: "y" ${reg}`,
      [
        [[7, 8], noise(56, 1)],
        [[7, 5], regions(7, 2)],
      ],
    );
    expect(rows).toHaveLength(7);
  });
});

describe("ScaleRoute", () => {
  test.each([
    ["low_scale: 40", 6],
    ["high_scale: 40", 6],
    ["low_scale: 30 high_scale: 50", 2],
    ["low_scale: 500 high_scale: 600", 1],
    ["", 12],
  ])("%s", async (bounds, count) => {
    const route = (more: string): Promise<readonly number[][]> =>
      expectSameRows(
        `type: "ScaleRoute" bottom: "a" bottom: "b" top: "y" top: "z" scale_route_param { ${more} }`,
        [
          [[12, 5], regions(12)],
          [[12, 3], noise(36, 4)],
        ],
      );
    expect(await route(bounds)).toHaveLength(count);
  });
});

describe("BoxOutput", () => {
  const maps: readonly (readonly [number[], number[]])[] = [
    [[2, 7, 6, 8], noise(2 * 7 * 48, 1)],
    [[2, 7, 3, 4], noise(2 * 7 * 12, 2)],
  ];
  const find = (fields: string, reg = ""): Promise<readonly number[][]> =>
    expectSameRows(
      `type: "BoxOutput" bottom: "a" bottom: "b" top: "y" top: "z" box_output_param { field_w: 40 field_h: 30 downsample_rate: 8 field_w: 60 field_h: 60 downsample_rate: 16 ${fields} } ${reg}`,
      maps,
    );

  test("proposes of all maps and images what no better one overlaps", async () => {
    const rows = await find("fg_thr: 0.2");
    expect(new Set(rows.map(([image]) => image))).toEqual(new Set([0, 1]));
    expect(rows.length).toBeGreaterThan(10);
  });

  test("looks at the best alone, and keeps the best of these", async () => {
    const most = (await find("fg_thr: -9 max_nms_num: 20 iou_thr: 0.3")).length;
    expect(most).toBeLessThanOrEqual(40);
    expect(await find("fg_thr: -9 max_nms_num: 20 iou_thr: 0.9 max_post_nms_num: 5")).toHaveLength(
      10,
    );
  });

  test("bounds offsets, and leaves small boxes out", async () => {
    await find("fg_thr: 0.1 field_xyr: 4 field_whr: 1.5 min_size: 40", REG);
  });

  test("gives a region where there is none", async () => {
    expect(await find("fg_thr: 5")).toEqual([[0, 1, 1, 10, 10]]);
  });

  test("takes other shares of overlaps for what they are not", async () => {
    await expect(find('nms_type: "IOMU"')).rejects.toThrow(
      /BoxOutput.*nms_type is IOMU.*Expected IOU/s,
    );
  });
});

describe("BoxGroupOutput", () => {
  const find = (fields: string, reg = ""): Promise<readonly number[][]> =>
    expectSameRows(
      `type: "BoxGroupOutput" bottom: "a" bottom: "b" bottom: "c" bottom: "d" top: "y" top: "z" box_group_output_param { box_group_param { field_w: 40 field_h: 30 field_w: 30 field_h: 44 stride: 8 } box_group_param { field_w: 60 field_h: 60 stride: 16 } ${fields} } ${reg}`,
      [
        [[4, 2, 5, 6], noise(4 * 2 * 30, 1).map(Math.abs)],
        [[4, 4, 5, 6], noise(4 * 4 * 30, 2)],
        [[2, 2, 3, 3], noise(2 * 2 * 9, 3).map(Math.abs)],
        [[2, 4, 3, 3], noise(2 * 4 * 9, 4)],
      ],
    );

  test.each([
    ["fg_thr: 0.5", ""],
    ["fg_thr: 0.2 iou_thr: 0.3 max_nms_num: 30 max_post_nms_num: 6", REG],
    ["field_xyr: 4 field_whr: 1.5 min_size: 30", ""],
  ])("%s %s", async (fields, reg) => {
    const rows = await find(fields, reg);
    expect(rows.filter(([image]) => image === 1).length).toBeGreaterThan(2);
  });

  test("gives a region where there is none", async () => {
    expect(await find("fg_thr: 5")).toEqual([[0, 1, 1, 10, 10]]);
  });
});

describe("FrcnnOutput", () => {
  const count = 20;
  const find = (
    fields: string,
    { reg = "", wide = 4 * 4 }: { reg?: string; wide?: number } = {},
  ): Promise<readonly number[][]> =>
    expectSameRows(
      `type: "FrcnnOutput" bottom: "a" bottom: "b" bottom: "c" bottom: "d" top: "y" frcnn_output_param { ${fields} } ${reg}`,
      [
        [[count, 4], noise(4 * count, 1).map(Math.abs)],
        [[count, wide], noise(wide * count, 2)],
        [[count, 5], regions(count)],
        [
          [1, 2],
          [90, 100],
        ],
      ],
    );

  test("keeps the best boxes of each class", async () => {
    const rows = await find("conf_thr: 0.3", { reg: REG });
    expect(rows[0]).toEqual([0, -1, -1, -1, -1, -1, -1]);
    expect(new Set(rows.map((row) => row[5]))).toEqual(new Set([-1, 1, 2, 3]));
  });

  test("keeps so many of all classes, by their labels", async () => {
    expect(await find("conf_thr: 0.1 iou_thr: 0.7 max_det_num: 9")).toHaveLength(10);
  });

  test("has one box for all classes", async () => {
    await find("conf_thr: 0.2", { reg: "bbox_reg_param { cls_aware: false }", wide: 8 });
  });

  test("gives the first row alone where it finds nothing", async () => {
    expect(await find("conf_thr: 2")).toHaveLength(1);
  });
});
