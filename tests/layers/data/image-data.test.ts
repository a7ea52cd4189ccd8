import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import type { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import { netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();

/** A PNG whose every pixel has the same colour. */
const paint = async (
  file: string,
  [r, g, b]: readonly [number, number, number],
  width = 2,
  height = 1,
): Promise<void> => {
  await sharp({ create: { width, height, channels: 3, background: { r, g, b } } })
    .png()
    .toFile(join(root, file));
};

beforeAll(async () => {
  await paint("red.png", [200, 0, 0]);
  await paint("with space.png", [0, 100, 0]);
  await paint("blue.png", [0, 0, 50]);
  await paint("large.png", [10, 20, 30], 4, 4);
  writeFileSync(join(root, "list.txt"), "red.png 0\nwith space.png 1\nblue.png 2\n");
  writeFileSync(join(root, "sizes.txt"), "red.png 0\nlarge.png 1\n");
  writeFileSync(join(root, "large.txt"), "large.png 7\n");
  writeFileSync(join(root, "empty.txt"), "\n");
  writeFileSync(join(root, "lost.txt"), "red.png 0\nlost.png 1\n");
  writeFileSync(join(root, "words.png"), "no image");
  writeFileSync(join(root, "broken.txt"), "red.png 0\nwords.png 1\n");
});

const imageNet = (param: string, options: Partial<NetOptions> = {}, transform = ""): Net =>
  netOf(
    `layer { name: "t" type: "ImageData" top: "y" top: "label" image_data_param { ${param} } transform_param { ${transform} } }`,
    { root, ...options },
  );

async function labels(net: Net, batches = 1): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < batches; i++) {
    await net.forward();
    all.push(...net.blob("label").values());
  }
  return all;
}

describe("ImageData", () => {
  test("gives images blue first, with the labels of its list, round and round", async () => {
    const net = imageNet('source: "list.txt" batch_size: 2');
    expect(net.blob("y").shape).toEqual([2, 3, 1, 2]);
    expect(net.blob("label").shape).toEqual([2]);
    expect(await labels(net)).toEqual([0, 1]);
    expect([...net.blob("y").values()]).toEqual([0, 0, 0, 0, 200, 200, 0, 0, 100, 100, 0, 0]);
    expect(await labels(net, 2)).toEqual([2, 0, 1, 2]);
  });

  test("reads grey images, resizes, and transforms", async () => {
    const grey = imageNet('source: "list.txt" is_color: false new_height: 3 new_width: 4');
    expect(grey.blob("y").shape).toEqual([1, 1, 3, 4]);
    await grey.forward();
    // 0.299 · 200 = 59.8; libpng, with which OpenCV decodes, cuts off what is below a whole number.
    expect([...grey.blob("y").values()]).toEqual(new Array(12).fill(59));
    const cut = imageNet('source: "large.txt"', {}, "crop_size: 2 mean_value: 10 scale: 0.1");
    expect(cut.blob("y").shape).toEqual([1, 3, 2, 2]);
    await cut.forward();
    expect(cut.blob("y").values()).toBeAllClose([2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0]);
  });

  test("refuses labels that are no whole numbers, or takes what Caffe makes of them", async () => {
    writeFileSync(join(root, "floats.txt"), "red.png 0.5\nblue.png 2.9\n");
    expect(() => imageNet('source: "floats.txt"')).toThrow(
      /layer "t" \(ImageData\): .*floats\.txt:1: label "0\.5" is not a whole number/,
    );
    const warnings: string[] = [];
    const net = imageNet('source: "floats.txt" batch_size: 2 lenient: true', {
      log: (severity, _, message) => severity === "warning" && warnings.push(message),
    });
    expect(await labels(net)).toEqual([0, 2]);
    expect(warnings).toEqual([
      expect.stringMatching(/^layer "t": .*floats\.txt:1: label "0\.5" is taken for 0/),
    ]);
  });

  test("a batch of one follows each image's size", async () => {
    const net = imageNet('source: "sizes.txt"');
    await net.forward();
    expect(net.blob("y").shape).toEqual([1, 3, 1, 2]);
    await net.forward();
    expect(net.blob("y").shape).toEqual([1, 3, 4, 4]);
  });

  test("shuffles anew in every pass, and skips at random before the first", async () => {
    const text = 'source: "list.txt" batch_size: 3 shuffle: true';
    const net = imageNet(text, { seed: 2 });
    const passes: number[][] = [];
    for (let pass = 0; pass < 6; pass++) passes.push(await labels(net));
    for (const pass of passes) expect([...pass].sort()).toEqual([0, 1, 2]);
    expect(new Set(passes.map(String)).size).toBeGreaterThan(2);
    expect(await labels(imageNet(text, { seed: 2 }))).toEqual(passes[0]);
    const starts = [1, 2, 3, 4, 5, 6, 7, 8].map(
      async (seed) => (await labels(imageNet('source: "list.txt" rand_skip: 3', { seed })))[0],
    );
    expect(new Set(await Promise.all(starts)).size).toBe(3);
  });

  test("puts root_folder before each path, and no slash between", async () => {
    mkdirSync(join(root, "sub"));
    await paint("sub/a-red.png", [200, 0, 0]);
    writeFileSync(join(root, "bare.txt"), "red.png 4\n");
    const net = imageNet('source: "bare.txt" root_folder: "sub/a-"');
    expect(await labels(net)).toEqual([4]);
    expect([...net.blob("y").values()]).toEqual([0, 0, 0, 0, 200, 200]);
    expect(() => imageNet('source: "bare.txt" root_folder: "sub/"')).toThrow("sub/red.png");
  });

  test.each([false, true])(
    "deals its lines out to the solvers that train side by side; shuffle %s",
    async (shuffle) => {
      const text = `source: "list.txt" batch_size: 3 shuffle: ${shuffle}`;
      const whole = await labels(imageNet(text, { seed: 4 }), 2);
      const [even, odd] = await Promise.all(
        [0, 1].map((rank) => labels(imageNet(text, { seed: 4, shard: { rank, count: 2 } }))),
      );
      expect(whole).toEqual([0, 1, 2].flatMap((i) => [even?.[i], odd?.[i]]));
    },
  );

  test("goes on from its state as if never stopped", async () => {
    const text = 'source: "list.txt" batch_size: 2 shuffle: true';
    const first = imageNet(text, { seed: 2 });
    await labels(first, 3);
    const resumed = imageNet(text, { seed: 9 });
    await resumed.layers[0]?.restore(first.layers[0]?.state() ?? {});
    expect(await labels(resumed, 4)).toEqual(await labels(first, 4));
  });

  test.each([
    ['source: "list.txt" batch_size: 0', "Positive batch size required"],
    ["batch_size: 1", "image_data_param has no source"],
    ['source: "list.txt" new_height: 3', "Expected both to be set, or neither"],
    ['source: "empty.txt"', "File is empty"],
    ['source: "none.txt"', "no such file or directory"],
  ])("refuses %s", (param, message) => {
    expect(() => imageNet(param)).toThrow(message);
    expect(() => imageNet(param)).toThrow('layer "t" (ImageData): ');
  });

  test("says which image cannot be read", async () => {
    await expect(labels(imageNet('source: "lost.txt"'), 2)).rejects.toThrow("lost.png");
    await expect(labels(imageNet('source: "broken.txt"'), 2)).rejects.toThrow(
      /Could not load .*words.png/,
    );
    await expect(labels(imageNet('source: "sizes.txt" batch_size: 2'))).rejects.toThrow(
      "Expected one size in a batch",
    );
  });
});
