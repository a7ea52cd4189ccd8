import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { createLmdb } from "../../../src/io/db/lmdb/create.ts";
import {
  type AnnotationGroup,
  BBOX,
  BBOX_AND_MASK,
  encodeAnnotatedDatum,
} from "../../../src/io/proto/annotated-datum.ts";
import { type Datum, encodeDatum } from "../../../src/io/proto/datum.ts";
import type { Net } from "../../../src/net/net.ts";
import { keptLog, netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
let databases = 0;

/** A database of these records; its name. */
async function database(...records: Uint8Array[]): Promise<string> {
  const name = `db${databases++}`;
  const writer = createLmdb(join(folder, name));
  for (const [k, record] of records.entries()) {
    await writer.put(String(k).padStart(8, "0"), record);
  }
  await writer.finish();
  return name;
}

const datum = { channels: 1, height: 2, width: 4, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) };

/** A record of one image with these objects. */
function annotated(...groups: AnnotationGroup[]): Uint8Array {
  return encodeAnnotatedDatum({ datum: { ...datum, label: -1 }, type: BBOX, groups });
}

function object(
  label: number,
  box: readonly [number, number, number, number],
  isDifficult = false,
): AnnotationGroup {
  return { label, annotations: [{ instance: 0, box, isDifficult }] };
}

function annotatedNet(source: string, more = "", annotatedParam = "", batchSize = 2): Net {
  return netOf(
    `layer { name: "data" type: "AnnotatedData" top: "data" top: "label"
       data_param { source: "${source}" batch_size: ${batchSize} }
       annotated_data_param { ${annotatedParam} } ${more} }`,
    { root: folder },
  );
}

async function labelsOf(net: Net): Promise<number[][]> {
  await net.forward();
  const { shape } = net.blob("label");
  const values = Array.from(net.blob("label").values());
  const row = shape.at(-1) ?? 1;
  net.close();
  return Array.from({ length: values.length / row }, (_, i) =>
    values.slice(i * row, (i + 1) * row),
  );
}

describe("AnnotatedData", () => {
  test("gives the boxes of all images, one row each, and images as they are", async () => {
    const source = await database(
      annotated(object(1, [0.25, 0, 0.5, 0.5]), {
        label: 3,
        annotations: [
          { instance: 0, box: [0, 0, 1, 1], isDifficult: true },
          { instance: 1, box: [0.5, 0.5, 0.75, 1], isDifficult: false },
        ],
      }),
      annotated(object(2, [0, 0.5, 0.25, 1])),
    );
    const net = annotatedNet(source);
    expect(net.blob("data").shape).toEqual([2, 1, 2, 4]);
    expect(net.blob("label").shape).toEqual([1, 1, 3, 8]);
    await net.forward();
    expect(Array.from(net.blob("data").values())).toEqual([...datum.data, ...datum.data]);
    expect(await labelsOf(net)).toEqual([
      [0, 1, 0, 0.25, 0, 0.5, 0.5, 0],
      [0, 3, 0, 0, 0, 1, 1, 1],
      [0, 3, 1, 0.5, 0.5, 0.75, 1, 0],
      [1, 2, 0, 0, 0.5, 0.25, 1, 0],
    ]);
  });

  test("gives one row of −1 where no image has a box", async () => {
    const source = await database(annotated());
    expect(await labelsOf(annotatedNet(source))).toEqual([new Array(8).fill(-1)]);
  });

  test("gives each image's label where records have no type", async () => {
    const of = (label: number): Uint8Array =>
      encodeAnnotatedDatum({ datum: { ...datum, label }, groups: [] });
    const source = await database(of(7), of(5));
    const net = annotatedNet(source);
    expect(net.blob("label").shape).toEqual([2]);
    await net.forward();
    expect(Array.from(net.blob("label").values())).toEqual([7, 5]);
    net.close();
  });

  test("gives YOLO's lists: label − 1, middle, size, and no difficult box where none is wanted", async () => {
    const groups = [object(2, [0.25, 0, 0.75, 0.5]), object(1, [0, 0, 1, 1], true)];
    const source = await database(annotated(...groups), annotated(object(3, [0, 0, 0.5, 1])));
    const rows = await labelsOf(annotatedNet(source, "", "yolo_data_type: 1 yolo_data_jitter: 0"));
    expect(rows).toHaveLength(600);
    expect(rows[0]).toEqual([1, 0.5, 0.25, 0.5, 0.5]);
    expect(rows[1]).toEqual([0, 0.5, 0.5, 1, 1]);
    expect(rows[2]).toEqual([0, 0, 0, 0, 0]);
    expect(rows[300]).toEqual([2, 0.25, 0.5, 0.5, 1]);
    const easy = await labelsOf(
      annotatedNet(source, "", "yolo_data_type: 1 train_diffcult: false yolo_data_jitter: 0"),
    );
    expect(easy[1]).toEqual([0, 0, 0, 0, 0]);
  });

  test("refuses a database of Datums, and Data one of AnnotatedDatums", async () => {
    const plain = await database(encodeDatum({ ...datum, label: 1 }));
    expect(() => annotatedNet(plain)).toThrow(/key "00000000": the record is a Datum/);
    const boxes = await database(annotated());
    expect(() =>
      netOf(
        `layer { name: "d" type: "Data" top: "x" data_param { source: "${boxes}" batch_size: 1 } }`,
        { root: folder },
      ),
    ).toThrow(/an AnnotatedDatum.*AnnotatedData/);
  });

  test("refuses a box that is not finite", async () => {
    const source = await database(annotated(object(1, [0, Number.NaN, 1, 1])));
    await expect(labelsOf(annotatedNet(source))).rejects.toThrow(/box is 0, NaN, 1, 1/);
  });

  test.each([
    ["of no area", [0.5, 0.5, 0.5, 0.9]],
    ["turned round", [0.9, 0.2, 0.3, 0.4]],
    ["outside", [1.25, 0, 2, 1]],
  ] as const)("leaves a box out that is %s", async (_, box) => {
    const source = await database(annotated(object(1, box), object(2, [-1, 0.5, 2, 3])));
    expect(await labelsOf(annotatedNet(source, "", "", 1))).toEqual([[0, 2, 0, 0, 0.5, 1, 1, 0]]);
  });

  test("holds labels against label_map_file, where it is there", async () => {
    writeFileSync(join(folder, "map.prototxt"), 'item { name: "a" label: 1 }');
    const source = await database(annotated(object(3, [0, 0, 1, 1])));
    const known = annotatedNet(source, "", 'label_map_file: "map.prototxt"');
    await expect(labelsOf(known)).rejects.toThrow(/labelled 3, which label_map_file does not name/);
    const { log, lines } = keptLog();
    const text = `layer { name: "d" type: "AnnotatedData" top: "x" data_param { source: "${source}" batch_size: 1 }
      annotated_data_param { label_map_file: "gone.prototxt" } }`;
    netOf(text, { root: folder, log }).close();
    expect(lines.join("\n")).toMatch(/gone.prototxt is not there: labels are not held against it/);
  });

  test("refuses records of two kinds, and one without an image", async () => {
    const plain = encodeAnnotatedDatum({ datum: { ...datum, label: 1 }, groups: [] });
    const source = await database(annotated(object(1, [0, 0, 1, 1])), plain);
    await expect(labelsOf(annotatedNet(source))).rejects.toThrow(
      /"00000001": it has no type of annotation, and the first record has boxes/,
    );
    expect(() => annotatedNet(source, "", "anno_type: BBOX").close()).not.toThrow();
    const empty = await database(Uint8Array.of(0x10, 0));
    expect(() => annotatedNet(empty)).toThrow(/there is no image in it/);
  });

  test.each([
    ["transform_param { max_rotation: 5 }", "", /which boxes do not follow/],
    ["transform_param { crop_h: 1 }", "", /crop_h 1 and crop_w 0/],
    ["transform_param { crop_size: 1 random_aspect_ratio_param { } }", "", /boxes do not follow/],
    ["transform_param { fix_crop: true }", "", /fix_crop or multi_scale, and no crop_size/],
    ["transform_param { crop_size: 1 more_fix_crop: true }", "", /no effect without fix_crop/],
    ["transform_param { crop_size: 1 scale_ratios: 1 }", "", /no effect without multi_scale/],
    [
      "transform_param { crop_size: 1 multi_scale: true scale_ratios: 1.5 }",
      "",
      /scale_ratios is 1.5 and max_distort 1. Expected ratios above 0, 1 at most/,
    ],
    [
      "transform_param { crop_size: 1 multi_scale: true hue: 3 }",
      "",
      /another change of ours, which draws a part of its own/,
    ],
    ["transform_param { scale: nan }", "", /scale is NaN. Expected a finite number/],
    [
      "transform_param { emit_constraint { emit_type: MIN_OVERLAP emit_overlap: nan } }",
      "",
      /emit_overlap is NaN. Expected a number/,
    ],
    ["transform_param { resize_param { height: 3 } }", "", /height 3 and width 0/],
    ["transform_param { expand_param { max_expand_ratio: 0.5 } }", "", /max_expand_ratio is 0.5/],
    [
      "transform_param { expand_param { prob: nan } }",
      "",
      /expand_param.prob is NaN. Expected 0 to 1/,
    ],
    ["transform_param { distort_param { hue_prob: 50 } }", "", /hue_prob is 50. Expected 0 to 1/],
    [
      "transform_param { resize_param { prob: 2 height: 1 width: 1 } resize_param { prob: -1 height: 2 width: 2 } }",
      "",
      /resize_param.prob is 2. Expected 0 to 1/,
    ],
    [
      "transform_param { resize_param { prob: 0.2 height: 1 width: 1 } resize_param { prob: 0.2 height: 2 width: 2 } }",
      "",
      /add up to 0.4/,
    ],
    ["", "batch_sampler { sampler { min_scale: 0.5 max_scale: 2 } }", /min_scale is 0.5/],
    ["", "batch_sampler { sampler { max_aspect_ratio: 0.5 } }", /min_aspect_ratio is 1/],
    ["", "yolo_data_type: 2", /yolo_data_type is 2/],
    ["", "yolo_data_type: 1 yolo_data_jitter: 1", /yolo_data_jitter is 1/],
  ])("refuses %s%s", async (more, param, problem) => {
    const source = await database(annotated(object(1, [0, 0, 1, 1])));
    expect(() => annotatedNet(source, more, param)).toThrow(problem);
  });

  const EVERYTHING = `transform_param { mirror: true mean_value: 30
      resize_param { prob: 0.5 height: 6 width: 6 interp_mode: LINEAR interp_mode: CUBIC }
      resize_param { prob: 0.5 resize_mode: FIT_LARGE_SIZE_AND_PAD height: 8 width: 8 }
      distort_param { brightness_prob: 0.5 brightness_delta: 32 contrast_prob: 0.5 contrast_lower: 0.5 contrast_upper: 1.5 }
      expand_param { prob: 0.5 max_expand_ratio: 3 }
      noise_param { saltpepper: true saltpepper_param { fraction: 0.1 value: 255 } }
      emit_constraint { emit_type: CENTER } }`;
  const SAMPLED = `batch_sampler { max_sample: 1 max_trials: 1 }
    batch_sampler { sampler { min_scale: 0.3 min_aspect_ratio: 0.5 max_aspect_ratio: 2 }
      sample_constraint { min_jaccard_overlap: 0.3 } max_sample: 1 max_trials: 50 }`;

  /** Images and labels of the next batches. */
  async function batches(net: Net, count: number): Promise<unknown[]> {
    const seen: unknown[] = [];
    for (let k = 0; k < count; k++) {
      await net.forward();
      const [data, label] = [net.blob("data"), net.blob("label")];
      seen.push([data.shape, Array.from(data.values()), Array.from(label.values())]);
    }
    return seen;
  }

  const many = (): Promise<string> =>
    database(
      ...Array.from({ length: 5 }, (_, k) =>
        annotated(object(k + 1, [0.1, 0.1, 0.6, 0.9]), object(9, [0.5, 0.5, 0.9, 0.8], true)),
      ),
    );

  test("goes on in a resumed run with the same samples, whatever is drawn", async () => {
    const source = await many();
    const whole = annotatedNet(source, EVERYTHING, SAMPLED);
    const wanted = await batches(whole, 25);
    whole.close();
    const before = annotatedNet(source, EVERYTHING, SAMPLED);
    await batches(before, 12);
    const state = before.layers[0]?.state?.();
    before.close();
    const after = annotatedNet(source, EVERYTHING, SAMPLED);
    after.layers[0]?.restore?.(state as NonNullable<typeof state>);
    expect(await batches(after, 13)).toEqual(wanted.slice(12));
    after.close();
    // Sizes are drawn for ten batches at a time.
    const sides = wanted.map((one) => (one as [number[]])[0][2]);
    for (const ten of [sides.slice(0, 10), sides.slice(10, 20)]) {
      expect(new Set(ten).size).toBe(1);
    }
  });

  test("draws for each of two layers by itself", async () => {
    const source = await many();
    const layer = (
      name: string,
    ): string => `layer { name: "${name}" type: "AnnotatedData" top: "${name}" top: "${name}l"
      data_param { source: "${source}" batch_size: 5 } annotated_data_param { ${SAMPLED} }
      transform_param { mirror: true resize_param { height: 8 width: 8 } } }`;
    const net = netOf(layer("a") + layer("b"), { root: folder });
    await net.forward();
    const of = (name: string): number[] => Array.from(net.blob(name).values());
    expect(of("a")).not.toEqual(of("b"));
    expect(net.blob("a").shape).toEqual([5, 1, 8, 8]);
    net.close();
  });

  test("a part that is drawn and mirrored has its boxes where its pixels are", async () => {
    // One bright square in the dark: its box has to be where brightness is.
    const side = 40;
    const data = new Uint8Array(side * side).fill(10);
    for (let y = 12; y < 28; y++) data.fill(250, y * side + 16, y * side + 32);
    const record = encodeAnnotatedDatum({
      datum: { channels: 1, height: side, width: side, data, label: -1 },
      type: BBOX,
      groups: [object(1, [0.4, 0.3, 0.8, 0.7])],
    });
    const source = await database(record);
    const net = annotatedNet(
      source,
      "transform_param { mirror: true expand_param { prob: 0.5 max_expand_ratio: 2 } resize_param { height: 60 width: 80 interp_mode: NEAREST } }",
      "batch_sampler { max_sample: 1 } batch_sampler { sampler { min_scale: 0.5 } sample_constraint { min_object_coverage: 1 } max_sample: 1 }",
      1,
    );
    for (let k = 0; k < 20; k++) {
      await net.forward();
      const pixels = net.blob("data").values();
      const bright = Array.from(pixels).flatMap((value, i) => (value > 200 ? [i] : []));
      const [columns, rows] = [bright.map((i) => i % 80), bright.map((i) => Math.floor(i / 80))];
      const edges = [
        Math.min(...columns) / 80,
        Math.min(...rows) / 60,
        (Math.max(...columns) + 1) / 80,
        (Math.max(...rows) + 1) / 60,
      ];
      const box = Array.from(net.blob("label").values()).slice(3, 7);
      expect(net.blob("label").shape).toEqual([1, 1, 1, 8]);
      // What is cut out begins at a whole pixel, which resizing makes larger.
      for (const [i, edge] of edges.entries())
        expect(Math.abs(edge - (box[i] ?? 9))).toBeLessThan(0.1);
    }
    net.close();
  });

  test("a part that multi_scale and fix_crop draw has its boxes where its pixels are", async () => {
    const side = 40;
    const data = new Uint8Array(side * side).fill(10);
    for (let y = 12; y < 28; y++) data.fill(250, y * side + 16, y * side + 32);
    const record = encodeAnnotatedDatum({
      datum: { channels: 1, height: side, width: side, data, label: -1 },
      type: BBOX,
      groups: [object(1, [0.4, 0.3, 0.8, 0.7])],
    });
    const net = annotatedNet(
      await database(record),
      "transform_param { mirror: true crop_size: 24 fix_crop: true multi_scale: true }",
      "",
      1,
    );
    for (let k = 0; k < 20; k++) {
      await net.forward();
      const bright = Array.from(net.blob("data").values(), (value, i) => [value, i] as const)
        .filter(([value]) => value > 130)
        .map(([, i]) => i);
      const [columns, rows] = [bright.map((i) => i % 24), bright.map((i) => Math.floor(i / 24))];
      const edges = [
        Math.min(...columns),
        Math.min(...rows),
        Math.max(...columns) + 1,
        Math.max(...rows) + 1,
      ];
      const box = Array.from(net.blob("label").values()).slice(3, 7);
      for (const [i, edge] of edges.entries())
        expect(Math.abs(edge / 24 - (box[i] ?? 9))).toBeLessThan(0.03);
    }
    net.close();
  });
});

describe("AnnotatedData's masks", () => {
  /** A PNG of classes, which is its image too. */
  const png = (values: readonly number[], width: number): Promise<Buffer> =>
    sharp(Uint8Array.from(values), { raw: { width, height: values.length / width, channels: 1 } })
      .toColourspace("b-w")
      .png()
      .toBuffer();

  const masked = (mask: Uint8Array | undefined, pixels: Partial<Datum> = datum): Uint8Array =>
    encodeAnnotatedDatum({
      datum: { ...pixels, label: -1, mask },
      type: BBOX_AND_MASK,
      groups: [object(1, [0, 0, 1, 1])],
    });

  const maskNet = (source: string, param: string, more = "", batchSize = 1): Net =>
    netOf(
      `layer { name: "data" type: "AnnotatedData" top: "data" top: "label" top: "mask"
         data_param { source: "${source}" batch_size: ${batchSize} }
         annotated_data_param { ${param} } ${more} }`,
      { root: folder },
    );

  const MAP = 'single_class: false label_map_file: "classes.prototxt"';
  beforeAll(() => {
    writeFileSync(
      join(folder, "classes.prototxt"),
      `item { name: "void" label: 0 } item { name: "car" label: 3 label_id: 2 }
       item { name: "road" label: 1 label_id: 1 } item { name: "bus" label: 4 label_id: 2 }
       item { name: "plate" label: -1 label_id: 1 }`,
    );
    writeFileSync(join(folder, "labels.prototxt"), 'item { name: "a" label: 1 } item { label: 2 }');
    writeFileSync(join(folder, "none.prototxt"), 'item { name: "a" label: 0 }');
    writeFileSync(join(folder, "many.prototxt"), 'item { name: "a" label: 256 }');
  });

  test("are planes of classes, by label_id or else by label, and one plane by default", async () => {
    const source = await database(masked(await png([0, 1, 3, 4, 9, 1, 255, 2], 4)));
    const maskOf = async (param: string): Promise<readonly [readonly number[], number[]]> => {
      const net = maskNet(source, param);
      await net.forward();
      const { shape } = net.blob("mask");
      const values = Array.from(net.blob("mask").values());
      net.close();
      return [shape, values];
    };
    const ids = await maskOf(`${MAP} seg_scales: 1`);
    expect(ids[0]).toEqual([1, 2, 2, 4]);
    expect(ids[1]).toBeAllClose([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0]);
    const labels = await maskOf(
      'single_class: false label_map_file: "labels.prototxt" seg_resize_height: 1 seg_resize_width: 2',
    );
    expect(labels[0]).toEqual([1, 2, 1, 2]);
    expect(labels[1]).toBeAllClose([0.5, 0, 0, 0.25]);
    const [shape, values] = await maskOf("seg_scales: 1");
    expect([shape, values]).toEqual([
      [1, 1, 2, 4],
      [0, 0, 0, 0, 0, 0, 1, 0],
    ]);
  });

  test("show what the image shows, however it is cut, padded, expanded and mirrored", async () => {
    const side = 24;
    const values = Array.from({ length: side * side }, (_, i) => {
      const [x, y] = [i % side, Math.floor(i / side)];
      return x < 10 && y < 15 ? 1 : (x - 16) ** 2 + (y - 14) ** 2 < 50 ? 3 : 0;
    });
    const image = { channels: 1, height: side, width: side, data: Uint8Array.from(values) };
    const source = await database(masked(await png(values, side), image));
    for (const resize of [
      "resize_param { height: 30 width: 36 interp_mode: NEAREST }",
      "resize_param { resize_mode: FIT_LARGE_SIZE_AND_PAD height: 30 width: 40 interp_mode: NEAREST }",
      "crop_size: 12",
    ]) {
      const isCut = resize.startsWith("crop");
      const sampled = isCut
        ? ""
        : "batch_sampler { max_sample: 1 } batch_sampler { sampler { min_scale: 0.4 min_aspect_ratio: 0.5 max_aspect_ratio: 2 } max_sample: 1 }";
      const net = maskNet(
        source,
        `${MAP} seg_scales: 1 ${sampled}`,
        `transform_param { mirror: true ${resize} expand_param { prob: 0.5 max_expand_ratio: 2 } }`,
      );
      let [sure, all] = [0, 0];
      for (let k = 0; k < 12; k++) {
        await net.forward();
        const pixels = net.blob("data").values();
        const planes = net.blob("mask").values();
        expect(net.blob("mask").shape.slice(2)).toEqual(net.blob("data").shape.slice(2));
        for (const [i, pixel] of pixels.entries()) {
          const [road = 0, car = 0] = [planes[i], planes[pixels.length + i]];
          all++;
          // A cell of one class alone, which its nearest pixel has to be of.
          const whole = road > 0.999 ? 1 : car > 0.999 ? 3 : road + car < 0.001 ? 0 : undefined;
          if (whole === undefined) continue;
          sure++;
          expect(pixel).toBe(whole);
        }
      }
      expect(sure / all).toBeGreaterThan(isCut ? 0.99 : 0.8);
      net.close();
    }
  });

  test("go with images of every size that a batch may have", async () => {
    const source = await database(masked(await png([1, 1, 1, 1, 1, 1, 1, 1], 4)));
    const net = maskNet(
      source,
      `${MAP} seg_scales: 4`,
      "transform_param { resize_param { prob: 0.2 height: 8 width: 8 } resize_param { prob: 0.8 height: 16 width: 12 } }",
      2,
    );
    const shapes = new Set<string>();
    for (let k = 0; k < 20; k++) {
      await net.forward();
      shapes.add(`${net.blob("data").shape.slice(2)} ${net.blob("mask").shape.slice(2)}`);
    }
    expect([...shapes].sort()).toEqual(["16,12 4,3", "8,8 2,2"]);
    net.close();
  });

  test.each<readonly [string, Uint8Array | undefined | readonly number[], RegExp]>([
    ["none", undefined, /key "00000000": it has no mask, and the layer has a third top/],
    ["one of another size", [1, 1, 1, 1], /its mask is 1×4. Expected 2×4, the image's size/],
    ["one that is no image", Uint8Array.of(1, 2, 3), /Could not load its mask/],
  ])("refuse %s", async (_what, mask, problem) => {
    const bytes = mask instanceof Uint8Array ? mask : mask && (await png([...mask], 4));
    const net = maskNet(await database(masked(bytes)), `${MAP} seg_scales: 1`);
    await expect(net.forward()).rejects.toThrow(problem);
    net.close();
  });

  test.each([
    ["seg_scales: 0", /seg_scales is 0. Expected 1 or more/],
    ["seg_scales: 3", /seg_scales is 3: no mask is left/],
    ["seg_resize_width: 4", /seg_resize_height is 0 and seg_resize_width 4/],
    ["single_class: false", /there is no label_map_file/],
    ['single_class: false label_map_file: "gone.prototxt"', /gone.prototxt/],
    ['single_class: false label_map_file: "none.prototxt"', /it names no class above 0/],
    ['single_class: false label_map_file: "many.prototxt"', /"a" has label 256/],
  ])("refuse %s", async (param, problem) => {
    const source = await database(masked(await png([1, 1, 1, 1, 1, 1, 1, 1], 4)));
    expect(() => maskNet(source, param)).toThrow(problem);
  });

  test("without a third top have no effect, which is told where fields ask for them", async () => {
    const source = await database(masked(undefined));
    const { log, lines } = keptLog();
    netOf(
      `layer { name: "d" type: "AnnotatedData" top: "x" top: "l" data_param { source: "${source}" batch_size: 1 }
        annotated_data_param { single_class: true seg_scales: 4 } }`,
      { root: folder, log },
    ).close();
    expect(lines.join("\n")).toContain(
      "annotated_data_param.single_class, seg_scales have no effect without a third top, of masks.",
    );
  });
});
