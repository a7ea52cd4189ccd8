// Makes what the benchmarks read, once: 256×256 JPEG files of quality 95, and databases of them.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { Random } from "../../src/util/random.ts";

export const CAFFE: string = fileURLToPath(new URL("../../bin/caffe", import.meta.url));
const IDX = "/usr/share/datasets/fashion-mnist";
const SIDE = 256;

/** Smooth noise of several sizes on top of each other: about as hard to decode as a photograph (44 kB). */
async function picture(index: number): Promise<Uint8Array> {
  const random = new Random(index, "picture");
  const sum = new Float32Array(SIDE * SIDE * 3).fill(128);
  for (const [side, strength] of [
    [4, 90],
    [16, 60],
    [64, 30],
    [256, 10],
  ] as const) {
    const noise = Uint8Array.from({ length: side * side * 3 }, () =>
      Math.max(0, Math.min(255, 128 + strength * random.gaussian())),
    );
    const large = await sharp(noise, { raw: { width: side, height: side, channels: 3 } })
      .resize(SIDE, SIDE, { kernel: "cubic" })
      .raw()
      .toBuffer();
    for (let i = 0; i < sum.length; i++) sum[i]! += large[i]! - 128;
  }
  const pixels = Uint8Array.from(sum, (value) => Math.max(0, Math.min(255, value)));
  return sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .jpeg({ quality: 95 })
    .toBuffer();
}

/** Writes `count` JPEG files and a list that names each of them `times` times; returns folder and list. */
export async function makeImages(
  work: string,
  count: number,
  times = 1,
): Promise<{ readonly folder: string; readonly list: string }> {
  const folder = join(work, "images/");
  mkdirSync(folder, { recursive: true });
  const name = (i: number): string => `${String(i).padStart(4, "0")}.jpg`;
  for (let i = 0; i < count; i++) {
    if (!existsSync(join(folder, name(i)))) writeFileSync(join(folder, name(i)), await picture(i));
  }
  const list = join(work, `list-${count}x${times}.txt`);
  const lines = Array.from({ length: count * times }, (_, i) => `${name(i % count)} ${i % 10}\n`);
  writeFileSync(list, lines.join(""));
  return { folder, list };
}

/** An LMDB of encoded images. */
export async function makeJpegDatabase(work: string, count: number, times = 1): Promise<string> {
  const database = join(work, `jpeg-${count}x${times}_lmdb`);
  if (existsSync(database)) return database;
  const { folder, list } = await makeImages(work, count, times);
  run(["convert_imageset", "--encoded", folder, list, database]);
  return database;
}

/** An LMDB of Fashion-MNIST's training images. */
export function makeFashionDatabase(work: string): string {
  const database = join(work, "fashion_lmdb");
  if (existsSync(database)) return database;
  mkdirSync(work, { recursive: true });
  const file = (what: string): string => `${IDX}/train-${what}-ubyte.gz`;
  run(["convert_mnist_data", file("images-idx3"), file("labels-idx1"), database]);
  return database;
}

function run(args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [CAFFE, ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}
