import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeDatum } from "../../src/io/datum.ts";
import { createDatabase } from "../../src/io/db/open.ts";
import { writeHdf5 } from "../../src/io/hdf5.ts";
import { netOf } from "../support/nets.ts";
import { imageBytes } from "../support/opencv.ts";

const root = mkdtempSync(join(tmpdir(), "damaged-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const write = (name: string, text: string | Uint8Array): void =>
  writeFileSync(join(root, name), text);

const raw = (side: number, label: number): Uint8Array =>
  encodeDatum({ channels: 1, height: side, width: side, data: new Uint8Array(side * side), label });
/** A Datum that says it holds an image of a JPEG's bytes. */
const encoded = (bytes: Uint8Array): Uint8Array =>
  Buffer.concat([
    encodeDatum({ channels: 0, height: 0, width: 0, data: bytes, label: 0 }),
    Uint8Array.of(0x38, 1),
  ]);

async function database(
  name: string,
  backend: "lmdb" | "leveldb",
  records: readonly Uint8Array[],
): Promise<void> {
  const writer = await createDatabase(join(root, name), backend);
  for (const [i, record] of records.entries()) await writer.put(`0000000${i}_x`, record);
  await writer.finish();
}

beforeAll(async () => {
  const jpeg = imageBytes("420.jpg");
  const half = jpeg.subarray(0, jpeg.length >> 1);
  await database("other_shape", "lmdb", [raw(2, 0), raw(2, 1), raw(3, 2), raw(2, 3)]);
  await database("cut_jpeg", "lmdb", [encoded(jpeg), encoded(jpeg), encoded(half)]);
  await database("labels", "lmdb", [raw(2, 0), raw(2, 1), raw(2, 7)]);
  const many = Array.from({ length: 9 }, () => raw(100, 0));
  await database("cut_lmdb", "lmdb", many);
  await database("cut_leveldb", "leveldb", many);
  truncateSync(join(root, "cut_lmdb/data.mdb"), 30_000);
  const log = readdirSync(join(root, "cut_leveldb")).find((name) => name.endsWith(".log"));
  const path = join(root, "cut_leveldb", log ?? "");
  truncateSync(path, statSync(path).size - 50);
  mkdirSync(join(root, "images"));
  write("images/good.jpg", jpeg);
  write("images/half.jpg", half);
  const bomb = Uint8Array.from(imageBytes("rgb.png"));
  new DataView(bomb.buffer).setUint32(16, 100_000);
  new DataView(bomb.buffer).setUint32(20, 100_000);
  write("images/bomb.png", bomb);
  for (const [name, line] of [
    ["half", "half.jpg 1"],
    ["missing", "gone.jpg 1"],
    ["bomb", "bomb.png 1"],
    ["outside", "../../../etc/passwd 1"],
    ["labels", "good.jpg 9"],
  ]) {
    write(`${name}.txt`, `good.jpg 0\n${line}\n`);
  }
  write("windows.txt", "# 0\nhalf.jpg\n3\n13\n19\n2\n1 0.9 0 0 5 5\n1 0.1 0 0 5 5\n");
  write("outside_windows.txt", "# 0\n../x.jpg\n3\n13\n19\n2\n1 0.9 0 0 5 5\n1 0.1 0 0 5 5\n");
  write("five.txt", "# 0\nhalf.jpg\n3\n13\n19\nfive\n");
  writeHdf5(join(root, "a.h5"), { data: { shape: [2, 1], data: new Float32Array(2) } });
  write("no_label.h5.txt", "a.h5\n");
  write("cut.h5", readFileSync(join(root, "a.h5")).subarray(0, 900));
  write("cut.h5.txt", "cut.h5\n");
});

const data = (source: string, batch: number): string =>
  `layer { name: "d" type: "Data" top: "data" top: "label" data_param { source: "${source}" batch_size: ${batch} } }`;
const images = (list: string): string =>
  `layer { name: "d" type: "ImageData" top: "data" top: "label" image_data_param { source: "${list}.txt" root_folder: "images/" batch_size: 2 } }`;
const windows = (file: string): string =>
  `layer { name: "d" type: "WindowData" top: "data" top: "label" window_data_param { source: "${file}.txt" root_folder: "images/" batch_size: 2 } transform_param { crop_size: 4 } }`;
const rows = (list: string): string =>
  `layer { name: "d" type: "HDF5Data" top: "data" top: "label" hdf5_data_param { source: "${list}" batch_size: 2 } }`;
const loss =
  'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 3 } } layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }';

/** Builds a net and runs two batches of it; the error's text. */
async function failureOf(text: string): Promise<string> {
  try {
    const net = netOf(text, { root });
    try {
      await net.forward();
      await net.forward();
    } finally {
      net.close();
    }
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
}

test.each<[string, string, RegExp]>([
  ["a truncated LMDB", data("cut_lmdb", 1), /cut_lmdb\/data\.mdb: the file has 30000 bytes, and/],
  [
    "a truncated LevelDB",
    data("cut_leveldb", 1),
    /cut_leveldb\/\d+\.log: its log is damaged or cut/,
  ],
  [
    "a Datum of another shape",
    data("other_shape", 4),
    /other_shape: key "00000002_x": it becomes 1×3×3/,
  ],
  [
    "a JPEG cut in half",
    data("cut_jpeg", 3),
    /cut_jpeg: key "00000002_x": Could not load its image/,
  ],
  [
    "a label out of range",
    data("labels", 3) + loss,
    /label 7 at position 2\. Expected 0 to 2, a class\. The sample is .*labels: key "00000002_x"\./,
  ],
  ["a listed image cut in half", images("half"), /half\.txt:2: Could not load .*half\.jpg: /],
  [
    "a list with a missing image",
    images("missing"),
    /missing\.txt:2: image ".*gone\.jpg" cannot be read: no such file/,
  ],
  [
    "a decompression bomb",
    images("bomb"),
    /bomb\.txt:2: Could not load .*bomb\.png: it is 100000×100000/,
  ],
  [
    "a path out of the folder",
    images("outside"),
    /outside\.txt:2: \.\.\/.*passwd leads out of images\//,
  ],
  [
    "a listed label out of range",
    images("labels") + loss,
    /label 9 at position 1\. .* The sample is .*labels\.txt:2\./,
  ],
  [
    "a window's image cut in half",
    windows("windows"),
    /windows\.txt: image 0: Could not load .*half\.jpg/,
  ],
  [
    "a window's image outside",
    windows("outside_windows"),
    /outside_windows\.txt: image 0: \.\.\/x\.jpg leads out of/,
  ],
  [
    "a window file with a word for a number",
    windows("five"),
    /five\.txt:6: the number of windows is "five"/,
  ],
  ["an HDF5 file without the dataset", rows("no_label.h5.txt"), /a\.h5: it has no dataset "label"/],
  [
    "a truncated HDF5 file",
    rows("cut.h5.txt"),
    /cut\.h5: it cannot be read as HDF5; it is damaged or cut short/,
  ],
])("%s: the error names layer and record", async (_, text, message) => {
  const failure = await failureOf(text);
  expect(failure).toMatch(message);
  expect(failure).toMatch(/layer "(d|loss)"/);
});
