import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import type { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import { netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();

const draw = (file: string, values: readonly number[], width: number): Promise<unknown> =>
  sharp(Uint8Array.from(values), {
    raw: { width, height: values.length / width, channels: 1 },
  })
    .toColourspace("b-w")
    .png()
    .toFile(join(root, file));

beforeAll(async () => {
  await draw("a.png", [10, 20, 30, 40, 50, 60], 3);
  await draw("a-label.png", [1, 2, 3, 4, 5, 6], 3);
  writeFileSync(join(root, "pixels.txt"), "a.png a-label.png\n");
  writeFileSync(join(root, "classes.txt"), "a.png 4\na.png 300\na.png -1\n");
  writeFileSync(join(root, "paths.txt"), "a.png what follows is not read\n");
});

const seg = (
  param: string,
  transform = "",
  options: Partial<NetOptions> = {},
  tops = ["y", "label", "size"],
): Net =>
  netOf(
    `layer { name: "t" type: "ImageSegData" ${tops.map((top) => `top: "${top}"`).join(" ")} image_data_param { is_color: false ${param} } transform_param { ${transform} } }`,
    { root, ...options },
  );

async function next(net: Net): Promise<number[][]> {
  await net.forward();
  return ["y", "label", "size"].map((name) => [...net.blob(name).values()]);
}

describe("ImageSegData", () => {
  test("pads an image smaller than the crop with its mean, and its labels with ignore_label", async () => {
    const net = seg(
      'source: "pixels.txt" label_type: PIXEL ignore_label: 99',
      "crop_height: 3 crop_width: 4 mean_value: 10.5 scale: 2",
    );
    expect(net.blob("y").shape).toEqual([1, 1, 3, 4]);
    expect(net.blob("label").shape).toEqual([1, 1, 3, 4]);
    expect(net.blob("size").shape).toEqual([1, 1, 1, 2]);
    expect(await next(net)).toEqual([
      [-1, 19, 39, 0, 59, 79, 99, 0, 0, 0, 0, 0],
      [1, 2, 3, 99, 4, 5, 6, 99, 99, 99, 99, 99],
      [2, 3],
    ]);
  });

  test("tells sizes of at most the crop, and takes it from the middle in TEST", async () => {
    const net = seg('source: "pixels.txt" label_type: PIXEL', "crop_size: 1", { phase: "TEST" });
    expect(await next(net)).toEqual([[20], [2], [1, 1]]);
  });

  test("gives all pixels a line's class, cut to a byte, or the label to ignore", async () => {
    const classes = seg('source: "classes.txt" batch_size: 3');
    expect((await next(classes))[1]).toEqual([
      ...new Array(6).fill(4),
      ...new Array(6).fill(255),
      ...new Array(6).fill(0),
    ]);
    const none = seg('source: "paths.txt" label_type: NONE ignore_label: 3');
    expect((await next(none))[1]).toEqual(new Array(6).fill(3));
  });

  test("makes do with two tops", async () => {
    const net = seg('source: "pixels.txt" label_type: PIXEL', "", {}, ["y", "label"]);
    await net.forward();
    expect([...net.blob("label").values()]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("crops what scale_factors made larger", async () => {
    const text = 'source: "pixels.txt" label_type: PIXEL';
    const net = seg(text, "crop_size: 4 scale_factors: 2 mirror: true");
    const seen = new Set<string>();
    for (let i = 0; i < 30; i++) {
      const [, label = [], size] = await next(net);
      expect(size).toEqual([2, 3]);
      // Each label is four pixels now, and the crop holds 4 of 6 columns.
      seen.add(label.slice(0, 4).join(""));
    }
    expect(seen).toEqual(new Set(["1122", "1223", "2233", "2211", "3221", "3322"]));
  });

  test("warns that label images are interpolated when they are resized", async () => {
    const warnings: string[] = [];
    const net = seg('source: "pixels.txt" label_type: PIXEL new_height: 1 new_width: 3', "", {
      log: (severity, _, message) => severity === "warning" && warnings.push(message),
    });
    // Between 1 and 4, 2 and 5, 3 and 6.
    expect((await next(net))[1]).toEqual([3, 4, 5]);
    expect(warnings).toEqual([
      expect.stringMatching(/^layer "t": new_height and new_width interpolate/),
    ]);
  });

  test.each([
    ['source: "pixels.txt"', "", /pixels\.txt:1: label "a-label\.png" is not a whole number/],
    ['source: "paths.txt" label_type: PIXEL', "", /paths\.txt:1: 6 words/],
    ['source: "pixels.txt" label_type: PIXEL', 'mean_file: "m"', /Expected mean_value/],
    ['source: "pixels.txt" label_type: PIXEL', "crop_height: 2", /either specify crop_size or/],
    [
      'source: "pixels.txt" label_type: PIXEL',
      "crop_size: 2 mean_value: 1 mean_value: 2",
      /Expected one, or three/,
    ],
  ])("refuses %s { %s }", (param, transform, message) => {
    expect(() => seg(param, transform)).toThrow(message);
  });

  test("a scale factor beyond all memory is refused with the line that it met", async () => {
    const net = seg('source: "pixels.txt" label_type: PIXEL', "crop_size: 1 scale_factors: 1e9");
    await expect(net.forward()).rejects.toThrow("an image becomes 1×2000000000×3000000000");
  });

  test("ImageData and Data do not take its fields", () => {
    const imageData = (param: string, transform: string): Net =>
      netOf(
        `layer { name: "t" type: "ImageData" top: "y" top: "l" image_data_param { source: "classes.txt" ${param} } transform_param { ${transform} } }`,
        { root },
      );
    expect(() => imageData("label_type: PIXEL", "")).toThrow(/ImageSegData has label images/);
    expect(() => imageData("", "scale_factors: 2")).toThrow(/give min_scale and max_scale/);
    expect(() => imageData("", "crop_height: 2 crop_width: 2")).toThrow(/only square crops/);
  });
});
