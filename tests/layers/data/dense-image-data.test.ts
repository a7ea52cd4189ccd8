import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import type { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import { netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();

/** A grey PNG of these values, row by row. */
const draw = (file: string, values: readonly number[], width: number): Promise<unknown> =>
  sharp(Uint8Array.from(values), {
    raw: { width, height: values.length / width, channels: 1 },
  })
    .toColourspace("b-w")
    .png()
    .toFile(join(root, file));

const counted = Array.from({ length: 24 }, (_, i) => i);

/** An image of 4×6 whose values are 0 to 23, and labels that are the same and 100 more; one of all 7. */
beforeAll(async () => {
  await draw("a.png", counted, 6);
  await draw(
    "a-label.png",
    counted.map((value) => value + 100),
    6,
  );
  await draw("b.png", new Array(24).fill(7), 6);
  await draw("b-label.png", new Array(24).fill(107), 6);
  await draw("small-label.png", [1, 2, 3, 4], 2);
  writeFileSync(join(root, "list.txt"), "a.png a-label.png\n\nb.png\tb-label.png\r\n");
  writeFileSync(join(root, "a.txt"), "a.png a-label.png\n");
  writeFileSync(join(root, "other-size.txt"), "a.png a-label.png\na.png small-label.png\n");
  writeFileSync(join(root, "lost.txt"), "a.png a-label.png\na.png lost.png\n");
  writeFileSync(join(root, "one.txt"), "a.png a-label.png\na.png\n");
  writeFileSync(join(root, "three.txt"), "my image.png a-label.png\n");
  writeFileSync(join(root, "empty.txt"), "\n \n");
});

const dense = (param: string, transform = "", options: Partial<NetOptions> = {}): Net =>
  netOf(
    `layer { name: "t" type: "DenseImageData" top: "y" top: "label" dense_image_data_param { is_color: false ${param} } transform_param { ${transform} } }`,
    { root, ...options },
  );

async function next(net: Net): Promise<{ image: number[]; label: number[] }> {
  await net.forward();
  return { image: [...net.blob("y").values()], label: [...net.blob("label").values()] };
}

describe("DenseImageData", () => {
  test("takes the numbers of a palette for classes, and no colours", async () => {
    const colours = [0, 0, 0, 128, 0, 0, 128, 0, 0, 0, 0, 0];
    const coloured = sharp(Uint8Array.from(colours), { raw: { width: 2, height: 2, channels: 3 } });
    await coloured.clone().png({ palette: true, dither: 0 }).toFile(join(root, "palette.png"));
    await coloured.png().toFile(join(root, "colours.png"));
    await draw("small.png", [1, 2, 3, 4], 2);
    const labelsOf = async (label: string): Promise<number[]> => {
      writeFileSync(join(root, "coloured.txt"), `small.png ${label}\n`);
      const net = dense('source: "coloured.txt" batch_size: 1');
      return (await next(net)).label;
    };
    const [black = 0, red = 0, ...rest] = await labelsOf("palette.png");
    expect([black, red].sort()).toEqual([0, 1]);
    expect(rest).toEqual([red, black]);
    await expect(labelsOf("colours.png")).rejects.toThrow(
      /coloured\.txt:1: .*pixel \(1, 0\) is of colour 128, 0, 0, which says no class/,
    );
  });

  test("gives images, transformed, and label images as they are, round and round", async () => {
    const net = dense('source: "list.txt" batch_size: 1', "mean_value: 10 scale: 0.5");
    expect(net.blob("y").shape).toEqual([1, 1, 4, 6]);
    expect(net.blob("label").shape).toEqual([1, 1, 4, 6]);
    const first = await next(net);
    expect(first.image).toEqual(counted.map((value) => (value - 10) * 0.5));
    expect(first.label).toEqual(counted.map((value) => value + 100));
    expect((await next(net)).label).toEqual(new Array(24).fill(107));
    expect(await next(net)).toEqual(first);
  });

  test("brings labels to new_height and new_width by nearest pixel, and makes them smaller still", async () => {
    const half = await next(dense('source: "a.txt" batch_size: 1 new_height: 2 new_width: 3'));
    expect(half.label).toEqual([100, 102, 104, 112, 114, 116]);
    const net = dense(
      'source: "a.txt" batch_size: 1 new_height: 4 new_width: 6 label_divide_factor: 2',
    );
    expect(net.blob("label").shape).toEqual([1, 1, 2, 3]);
    const { image, label } = await next(net);
    expect(image).toEqual(counted);
    expect(label).toEqual(half.label);
  });

  test("crops and mirrors an image and its labels alike", async () => {
    const net = dense('source: "a.txt" batch_size: 1 crop_height: 2 crop_width: 3', "mirror: true");
    const seen = new Set<string>();
    for (let i = 0; i < 60; i++) {
      const { image, label } = await next(net);
      expect(label).toEqual(image.map((value) => value + 100));
      const [a = 0, b = 0, , below = 0] = image;
      expect(Math.abs(b - a)).toBe(1);
      expect(below - a).toBe(6);
      seen.add(`${Math.min(...image)} ${b - a}`);
    }
    // 3 rows and 4 columns to begin at, each way round.
    expect(seen.size).toBeGreaterThan(18);
    const centre = dense('source: "a.txt" batch_size: 1', "crop_size: 2", { phase: "TEST" });
    expect((await next(centre)).image).toEqual([8, 9, 14, 15]);
  });

  test("draws the size of both from scale_factors", async () => {
    const text = 'source: "list.txt" batch_size: 1';
    const net = dense(text, "scale_factors: 0.5 scale_factors: 2");
    const shapes = new Set<string>();
    for (let i = 0; i < 20; i++) {
      await net.forward();
      expect(net.blob("label").shape).toEqual(net.blob("y").shape);
      shapes.add(net.blob("y").shape.join("×"));
    }
    expect(shapes).toEqual(new Set(["1×1×2×3", "1×1×8×12"]));
  });

  test("goes on from its state as if never stopped, and deals lines out", async () => {
    const text = 'source: "list.txt" batch_size: 3 shuffle: true';
    const first = dense(text, "crop_size: 3 mirror: true", { seed: 5 });
    await next(first);
    const resumed = dense(text, "crop_size: 3 mirror: true", { seed: 6 });
    await resumed.layers[0]?.restore(first.layers[0]?.state() ?? {});
    for (let i = 0; i < 3; i++) expect(await next(resumed)).toEqual(await next(first));
    const ranks = [0, 1].map((rank) =>
      dense('source: "list.txt" batch_size: 2', "", { shard: { rank, count: 2 } }),
    );
    for (const [rank, net] of ranks.entries()) {
      const { label } = await next(net);
      expect(new Set(label.slice(24)).size).toBe(rank === 0 ? 24 : 1);
    }
  });

  test.each([
    ['source: "one.txt"', "", /one\.txt:2: 1 word\. Expected `image label-image`/],
    ['source: "three.txt"', "", /three\.txt:1: 3 words\. .*paths have none/],
    ['source: "empty.txt"', "", /File is empty/],
    ['source: "none.txt"', "", /no such file or directory/],
    ['source: "a.txt" new_height: 2', "", /Expected both to be set, or neither/],
    ['source: "a.txt" crop_height: 2', "", /Expected both to be set, or neither/],
    ["shuffle: true", "", /has no source/],
    ['source: "a.txt" label_divide_factor: 2', "crop_size: 2", /1 where there is a crop/],
    ['source: "a.txt"', "max_rotation: 10", /their labels would not follow/],
    ['source: "a.txt"', "scale_factors: 0", /Expected each above 0/],
    ['source: "a.txt"', "crop_size: 2 crop_height: 2 crop_width: 2", /either specify crop_size or/],
    [
      'source: "a.txt" multi_scale: true',
      "",
      /DenseImageDataParameter\.multi_scale is not a field/,
    ],
  ])("refuses %s { %s }", (param, transform, message) => {
    expect(() => dense(`batch_size: 1 ${param}`, transform)).toThrow(message);
  });

  test.each([
    ["other-size.txt", /other-size\.txt:2: its label image small-label\.png is 2×2\. Expected 4×6/],
    ["lost.txt", /lost\.txt:2: .*lost\.png/],
  ])("says which line of %s is wrong", async (list, message) => {
    const net = dense(`source: "${list}" batch_size: 2`);
    await expect(net.forward()).rejects.toThrow(message);
  });
});
