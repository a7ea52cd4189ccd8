import { readdirSync } from "node:fs";
import type { LayerParameter } from "../../src/io/proto/caffe.ts";
import { parsePrototxt, printPrototxt } from "../../src/io/text/prototxt.ts";
import { readNetParameter } from "../../src/io/text/read-net.ts";
import { configurations, withoutGradient } from "../../tests/support/configurations.ts";

/** Layers that read or write files, whose tests make these files first. */
const OF_FILES: Readonly<Record<string, string>> = {
  DetectionData: `top: "data" top: "label" detection_data_param { source: "train.txt" batch_size: 2 resize_width: 512 resize_height: 512 field_w: 64 field_h: 64 stride: 8 }`,
  EvalData: `top: "data" top: "size" eval_data_param { source: "test.txt" batch_size: 1 resize_width: 512 resize_height: 512 }`,
  HDF5Output: `bottom: "feature" bottom: "label" hdf5_output_param { file_name: "features.h5" }`,
  ImageData: `top: "data" top: "label" transform_param { mirror: true crop_size: 227 mean_value: 104 mean_value: 117 mean_value: 123 } image_data_param { source: "train.txt" batch_size: 64 shuffle: true new_height: 256 new_width: 256 }`,
  ImageGtData: `top: "data" top: "label" image_gt_data_param { source: "train.txt" batch_size: 2 resize_width: 512 resize_height: 512 field_w: 64 field_h: 64 downsample_rate: 8 }`,
  BoxData: `top: "data" top: "label" transform_param { mean_value: 104 mean_value: 117 mean_value: 123 } data_param { source: "trainval_lmdb" batch_size: 16 side: 7 }`,
  MTCNNData: `top: "data" top: "label" top: "box" transform_param { scale: 0.0078125 mean_value: 127.5 } data_param { source: "faces_lmdb" backend: LMDB batch_size: 64 }`,
  MemoryData: `top: "data" top: "label" memory_data_param { batch_size: 10 channels: 3 height: 32 width: 32 }`,
  VideoData: `top: "data" video_data_param { video_type: VIDEO video_file: "frames/%06d.jpg" } data_param { batch_size: 1 }`,
  WindowData: `top: "data" top: "label" transform_param { mirror: true crop_size: 227 } window_data_param { source: "windows.txt" batch_size: 128 fg_threshold: 0.5 bg_threshold: 0.5 fg_fraction: 0.25 context_pad: 16 crop_mode: "warp" }`,
};

/** Models whose layers are the plainest, before all others. */
const FIRST = ["lenet", "caffenet", "googlenet", "resnet50"];

/** An example of each layer type: as a model of models/ has it, or as it is tested. */
export function layerExamples(): (type: string) => string {
  const used = layersOfModels();
  return (type) => {
    const layer = used.get(type) ?? tested(type);
    const text = printPrototxt("NetParameter", { layer: [layer] });
    return ["```prototxt", text.trimEnd(), "```"].join("\n");
  };
}

/** Of each type the first layer in the nets of models/. */
function layersOfModels(): ReadonlyMap<string, LayerParameter> {
  const models = readdirSync("models").filter((name) => !FIRST.includes(name));
  const found = new Map<string, LayerParameter>();
  for (const model of [...FIRST, ...models]) {
    for (const file of readdirSync(`models/${model}`)) {
      if (!file.endsWith(".prototxt") || file.includes("solver")) continue;
      for (const layer of readNetParameter(`models/${model}/${file}`).layer ?? []) {
        const { include: _, exclude: __, ...plain } = layer;
        if (layer.type !== undefined && !found.has(layer.type)) found.set(layer.type, plain);
      }
    }
  }
  return found;
}

function tested(type: string): LayerParameter {
  const rows: readonly (readonly [string, ...unknown[]])[] =
    configurations[type] ?? withoutGradient[type] ?? [];
  const fields = rows[0]?.[0] ?? OF_FILES[type];
  if (fields === undefined) throw new Error(`there is no example of ${type}`);
  const [layer] =
    parsePrototxt(
      "NetParameter",
      `layer { name: "${type.toLowerCase()}" type: "${type}" ${fields.replace(/phase: \w+/, "")} }`,
    ).layer ?? [];
  return layer ?? {};
}
