// Batches that go up as bytes, beside floats that the host makes of them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { createEngines } from "../../../src/engines/create.ts";
import { writeMean } from "../../../src/float-images/mean.ts";
import { createLmdb } from "../../../src/io/db/lmdb/create.ts";
import { encodeDatum } from "../../../src/io/proto/datum.ts";
import type { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import { netOf, noise } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { describeGpu, theGpu } from "./support.ts";

const [HEIGHT, WIDTH] = [5, 7];
const folder = temporaryFolder();

/** Bytes that are drawn, the same for a seed. */
const bytesOf = (count: number, seed: number): Uint8Array =>
  Uint8Array.from(noise(count, seed), (x) => Math.abs(Math.round(1000 * x)) % 256);

async function database(name: string, channels: number, floats: readonly number[]): Promise<void> {
  const writer = createLmdb(join(folder, name));
  for (let k = 0; k < 7; k++) {
    const data = bytesOf(channels * HEIGHT * WIDTH, k);
    const values = floats.includes(k)
      ? { data: new Uint8Array(0), floatData: Float32Array.from(data, (byte) => byte / 3) }
      : { data };
    const datum = { channels, height: HEIGHT, width: WIDTH, label: k, ...values };
    await writer.put(String(k).padStart(8, "0"), encodeDatum(datum));
  }
  await writer.finish();
}

beforeAll(async () => {
  await database("grey", 1, []);
  await database("color", 3, []);
  await database("mixed", 3, [1, 2, 5]);
  writeMean(join(folder, "mean.binaryproto"), {
    shape: [3, HEIGHT, WIDTH],
    data: Float32Array.from(noise(3 * HEIGHT * WIDTH, 90), (x) => 120 + 30 * x),
  });
  for (const i of [0, 1, 2]) {
    await sharp(bytesOf(3 * HEIGHT * WIDTH, 50 + i), {
      raw: { width: WIDTH, height: HEIGHT, channels: 3 },
    })
      .png()
      .toFile(join(folder, `${i}.png`));
  }
  writeFileSync(join(folder, "list.txt"), "0.png 0\n1.png 1\n2.png 2\n");
});

const data = (source: string, transform: string): string =>
  `layer { name: "d" type: "Data" top: "x" top: "label" data_param { source: "${source}" batch_size: 3 backend: LMDB } transform_param { ${transform} } }`;
const images = (transform: string): string =>
  `layer { name: "d" type: "ImageData" top: "x" top: "label" image_data_param { source: "list.txt" batch_size: 2 } transform_param { ${transform} } }`;
/** Reads the batch where the net computes, and copies it. */
const READER =
  'layer { name: "r" type: "Concat" bottom: "x" bottom: "x" top: "y" concat_param { axis: 0 } }';

const netFor = (source: string, options: Partial<NetOptions>): Net =>
  netOf(source + READER, { root: folder, seed: 3, ...options });

/** What a GPU's layers read of the next batches. */
async function batches(net: Net, count = 4): Promise<number[][]> {
  const all: number[][] = [];
  for (let i = 0; i < count; i++) {
    await net.forward();
    await net.blob("y").toHost();
    all.push(Array.from(net.blob("y").values()));
  }
  net.close();
  return all;
}

describeGpu("pixels on the GPU", () => {
  test.each([
    ["grey records, a scale", data("grey", "scale: 0.00390625")],
    ["a crop that is mirrored or not", data("color", "crop_size: 4 mirror: true scale: 0.017")],
    ["a mean file", data("color", 'crop_size: 4 mirror: true mean_file: "mean.binaryproto"')],
    [
      "a mean file and whole images",
      data("color", 'mirror: true mean_file: "mean.binaryproto" scale: 0.3'),
    ],
    [
      "a mean for each channel",
      data(
        "color",
        "mean_value: 104.1 mean_value: 117.3 mean_value: 123 crop_h: 3 crop_w: 5 scale: 0.1",
      ),
    ],
    ["one mean", data("color", "mean_value: 99.9 mirror: true")],
    [
      "records of which some are floats",
      data("mixed", "crop_size: 4 mirror: true mean_value: 3 scale: 0.1"),
    ],
    [
      "files of interleaved pixels",
      images('crop_size: 4 mirror: true mean_file: "mean.binaryproto" scale: 0.1'),
    ],
    ["files, whole", images("mean_value: 7.7")],
  ])("%s: the bits of the host, in training and testing", async (_title, source) => {
    for (const phase of ["TRAIN", "TEST"] as const) {
      const engines = createEngines({ gpu: theGpu() });
      const got = await batches(netFor(source, { phase, engines }));
      expect(got).toEqual(await batches(netFor(source, { phase })));
    }
  });

  test("a byte goes up for each pixel, and the host can read the floats all the same", async () => {
    const net = netFor(data("color", "mirror: true scale: 0.5"), {
      engines: createEngines({ gpu: theGpu() }),
    });
    await net.forward();
    const before = theGpu().traffic.uploaded;
    await net.forward();
    const size = 3 * 3 * HEIGHT * WIDTH;
    // In whole words, and four numbers of each image.
    expect(theGpu().traffic.uploaded - before).toBe(4 * Math.ceil(size / 4) + 3 * 16);
    await net.blob("y").toHost();
    const values = Array.from(net.blob("x").values());
    expect(values).toEqual(Array.from(net.blob("y").values()).slice(0, size));
    net.close();
  });

  test("augmented images, and those that no layer reads on the GPU, are made floats where they are read", async () => {
    const gpu = theGpu();
    for (const transform of ["max_rotation: 10", "mirror: true"]) {
      const reader = transform === "mirror: true" ? "" : READER;
      const net = netOf(data("grey", transform) + reader, {
        root: folder,
        engines: createEngines({ gpu }),
      });
      await net.forward();
      expect(net.blob("x").dataMem.freshPrivate()).toBeUndefined();
      net.close();
    }
  });
});
