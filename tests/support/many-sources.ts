// A net that reads from every kind of source and draws in every way, for runs that are stopped and resumed in ranks.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { writeHdf5 } from "../../src/io/hdf5/hdf5.ts";
import { Random } from "../../src/util/random.ts";
import { writeNumbered } from "./numbered-images.ts";

const [RECORDS, PICTURES, SIDE] = [20, 7, 8];

/** Writes what the net reads: an HDF5 file, a database, pictures, a list of windows. */
export async function writeSources(folder: string): Promise<void> {
  const random = new Random(5);
  const floats = (count: number, one: () => number): Float32Array =>
    Float32Array.from({ length: count }, one);
  writeHdf5(join(folder, "rows.h5"), {
    rows: { shape: [RECORDS, 6], data: floats(RECORDS * 6, () => random.gaussian()) },
    label: { shape: [RECORDS], data: floats(RECORDS, () => random.below(3)) },
  });
  writeFileSync(join(folder, "rows.txt"), `${join(folder, "rows.h5")}\n`);
  const numbers = Array.from({ length: RECORDS - 3 }, (_, i) => [i, i % 3] as const);
  await writeNumbered(join(folder, "numbers.lmdb"), numbers);
  const names = Array.from({ length: PICTURES }, (_, i) => join(folder, `${i}.png`));
  for (const name of names) {
    const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, () => random.below(256));
    const raw = { width: SIDE, height: SIDE, channels: 3 } as const;
    await sharp(pixels, { raw }).png().toFile(name);
  }
  writeFileSync(join(folder, "list.txt"), names.map((name, i) => `${name} ${i % 3}\n`).join(""));
  const windows = names.map(
    (name, i) => `# ${i}\n${name}\n3\n${SIDE}\n${SIDE}\n2\n1 0.9 0 0 4 4\n2 0.1 3 3 7 7\n`,
  );
  writeFileSync(join(folder, "windows.txt"), windows.join(""));
}

/**
 * The net: shuffled, cropped and mirrored records of each source, noise, BatchNorm, Dropout, stochastic pooling, and an
 * inner product whose gradient travels as factors.
 */
export const manySourcesNet = (folder: string, batch: number): string => `
  layer { name: "rows" type: "HDF5Data" top: "rows" top: "label"
          hdf5_data_param { source: "${folder}/rows.txt" batch_size: ${batch} shuffle: true } }
  layer { name: "numbers" type: "Data" top: "numbers" transform_param { crop_size: 4 mirror: true scale: 0.01 }
          data_param { source: "${folder}/numbers.lmdb" backend: LMDB batch_size: ${batch} } }
  layer { name: "pictures" type: "ImageData" top: "pictures" top: "unused"
          transform_param { crop_size: 4 mirror: true scale: 0.01 workers: 1 }
          image_data_param { source: "${folder}/list.txt" batch_size: ${batch} shuffle: true } }
  layer { name: "windows" type: "WindowData" top: "windows" top: "unused too"
          transform_param { crop_size: 4 mirror: true mean_value: 100 workers: 1 }
          window_data_param { source: "${folder}/windows.txt" batch_size: ${batch} fg_fraction: 0.5 } }
  layer { name: "noise" type: "DummyData" top: "noise" dummy_data_param {
          shape { dim: ${batch} dim: 5 } data_filler { type: "gaussian" } } }
  layer { name: "silence" type: "Silence" bottom: "unused" bottom: "unused too" }
  layer { name: "scaled" type: "Power" bottom: "windows" top: "scaled" power_param { scale: 0.01 } }
  layer { name: "conv" type: "Convolution" bottom: "pictures" top: "conv"
          convolution_param { num_output: 8 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "bn" }
  layer { name: "pool" type: "Pooling" bottom: "bn" top: "pool" pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 } }
  ${["numbers", "scaled", "pool"].map((name) => `layer { name: "flat ${name}" type: "Flatten" bottom: "${name}" top: "flat ${name}" }`).join(" ")}
  layer { name: "all" type: "Concat" bottom: "rows" bottom: "flat numbers" bottom: "flat pool" bottom: "flat scaled" bottom: "noise" top: "all" }
  layer { name: "wide" type: "InnerProduct" bottom: "all" top: "wide"
          inner_product_param { num_output: 1100 weight_filler { type: "xavier" } } }
  layer { name: "relu" type: "ReLU" bottom: "wide" top: "wide" }
  layer { name: "drop" type: "Dropout" bottom: "wide" top: "wide" }
  layer { name: "ip" type: "InnerProduct" bottom: "wide" top: "ip"
          inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;
