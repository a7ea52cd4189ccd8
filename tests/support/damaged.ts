import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createDatabase } from "../../src/io/db/open.ts";
import { writeHdf5 } from "../../src/io/hdf5/hdf5.ts";
import { encodeDatum } from "../../src/io/proto/datum.ts";
import { imageBytes } from "./opencv.ts";

const raw = (side: number, label: number): Uint8Array =>
  encodeDatum({ channels: 1, height: side, width: side, data: new Uint8Array(side * side), label });
/** A Datum that says it holds an image of a JPEG's bytes. */
const encoded = (bytes: Uint8Array): Uint8Array =>
  Buffer.concat([
    encodeDatum({ channels: 0, height: 0, width: 0, data: bytes, label: 0 }),
    Uint8Array.of(0x38, 1),
  ]);

async function writeDatabase(
  path: string,
  backend: "lmdb" | "leveldb",
  records: readonly Uint8Array[],
): Promise<void> {
  const writer = await createDatabase(path, backend);
  for (const [i, record] of records.entries()) await writer.put(`0000000${i}_x`, record);
  await writer.finish();
}

/** Writes sources of every kind to a folder, each with its own damage. */
export async function writeDamagedSources(root: string): Promise<void> {
  const write = (name: string, text: string | Uint8Array): void =>
    writeFileSync(join(root, name), text);
  const database = (
    name: string,
    ...more: [backend: "lmdb" | "leveldb", records: readonly Uint8Array[]]
  ) => writeDatabase(join(root, name), ...more);
  const jpeg = imageBytes("420.jpg");
  const half = jpeg.subarray(0, jpeg.length >> 1);
  await database("other_shape", "lmdb", [raw(2, 0), raw(2, 1), raw(3, 2), raw(2, 3)]);
  await database("cut_jpeg", "lmdb", [encoded(jpeg), encoded(jpeg), encoded(half)]);
  await database("labels", "lmdb", [raw(2, 0), raw(2, 1), raw(2, 7)]);
  const many = Array.from({ length: 9 }, () => raw(100, 0));
  await database("cut_lmdb", "lmdb", many);
  await database("cut_leveldb", "leveldb", many);
  truncateSync(join(root, "cut_lmdb/data.mdb"), 30_000);
  const table = readdirSync(join(root, "cut_leveldb")).find((name) => name.endsWith(".ldb"));
  const path = join(root, "cut_leveldb", table ?? "");
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
}

/** Layers that read them, and a loss behind. */
export const data = (source: string, batch: number): string =>
  `layer { name: "d" type: "Data" top: "data" top: "label" data_param { source: "${source}" batch_size: ${batch} } }`;
export const images = (list: string): string =>
  `layer { name: "d" type: "ImageData" top: "data" top: "label" image_data_param { source: "${list}.txt" root_folder: "images/" batch_size: 2 } }`;
export const windows = (file: string): string =>
  `layer { name: "d" type: "WindowData" top: "data" top: "label" window_data_param { source: "${file}.txt" root_folder: "images/" batch_size: 2 } transform_param { crop_size: 4 } }`;
export const rows = (list: string): string =>
  `layer { name: "d" type: "HDF5Data" top: "data" top: "label" hdf5_data_param { source: "${list}" batch_size: 2 } }`;
export const loss =
  'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 3 } } layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }';
