import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Layer } from "../../src/layers/base/layer.ts";
import type { Net } from "../../src/net/net.ts";

/** What a pass of TensorFlow.js does, one after the other, with channels last; numbers of arrays are in the order of the file of floats. */
interface Step {
  readonly op: string;
  readonly from: readonly string[];
  readonly to: string;
  /** Shapes of the arrays that it takes of the file: filter and bias. */
  readonly arrays?: readonly (readonly number[])[];
  readonly kernel?: number;
  readonly stride?: number;
  readonly before?: number;
  readonly after?: number;
  readonly groups?: number;
  isRectified?: boolean;
  readonly radius?: number;
  readonly alpha?: number;
  readonly beta?: number;
}

/** Whether a folder has @tensorflow/tfjs-node, with its library; tells where it has not. */
export function hasTfjs(folder: string): boolean {
  const program = `(await import("node:module")).createRequire(process.argv[1])("@tensorflow/tfjs-node")`;
  const { status } = spawnSync(process.execPath, [
    "--input-type=module",
    "-e",
    program,
    place(folder),
  ]);
  if (status !== 0)
    console.log(`TensorFlow.js is left out: ${folder} has no @tensorflow/tfjs-node.`);
  return status === 0;
}

/** From where a folder's packages are found. */
export function place(folder: string): string {
  return pathToFileURL(resolve(folder, "package.json")).href;
}

/**
 * Writes a net as steps of TensorFlow.js, and its weights: lines of BatchNorm and Scale are in the weights, rectifiers in the products, as its
 * own converter leaves them.
 */
export function writeForTfjs(net: Net, file: string): void {
  const steps: Step[] = [];
  const arrays: { data: Float32Array; shape: readonly number[] }[][] = [];
  for (const [i, layer] of net.layers.entries()) {
    const name = net.layerKeys[i] as string;
    const [from, tops] = [net.bottomNames(name), net.topNames(name)];
    const [to = ""] = tops;
    const last = steps.at(-1);
    const { type } = layer.param;
    if (type === "Input" || type === "Dropout") {
      if (type === "Dropout" && from[0] !== to) steps.push({ op: "same", from, to });
    } else if (type === "BatchNorm" || type === "Scale") {
      fold(layer, arrays.at(-1) ?? []);
    } else if (type === "ReLU") {
      if (last?.to === to && last.arrays) last.isRectified = true;
      else steps.push({ op: "relu", from, to });
    } else if (type === "Convolution" || type === "InnerProduct") {
      const own = weightsOf(layer, net.blob(from[0] as string).shape);
      arrays.push(own);
      steps.push({ ...productOf(net, layer, from, to), arrays: own.map(({ shape }) => shape) });
    } else if (type === "Pooling") steps.push(poolingOf(net, layer, from, to));
    else if (type === "LRN") {
      const { local_size: size = 5, alpha = 1, beta = 0.75 } = layer.param.lrn_param ?? {};
      steps.push({ op: "lrn", from, to, radius: (size - 1) / 2, alpha: alpha / size, beta });
    } else if (type === "Concat" || type === "Softmax" || type === "Eltwise") {
      steps.push({ op: type.toLowerCase(), from, to });
    } else if (type === "Split") {
      for (const top of tops) steps.push({ op: "same", from, to: top });
    } else throw new Error(`layer "${name}": TensorFlow.js's side knows no ${type}.`);
  }
  const all = arrays.flat();
  writeFileSync(`${file}.bin`, Buffer.concat(all.map(({ data }) => Buffer.from(data.buffer))));
  const [input, output] = [net.inputs[0], net.outputs[0]];
  writeFileSync(file, JSON.stringify({ input, output, steps }));
}

function productOf(net: Net, { param }: Layer, from: readonly string[], to: string): Step {
  if (param.type === "InnerProduct") return { op: "matMul", from, to };
  const [n, channels, height = 1] = net.blob(from[0] as string).shape;
  if (n === undefined) throw new Error("images are expected");
  const {
    kernel_size: [kernel = 1] = [],
    stride: [stride = 1] = [],
    pad: [pad = 0] = [],
  } = param.convolution_param ?? {};
  const { group: groups = 1 } = param.convolution_param ?? {};
  const out = net.blob(to).shape[2] ?? 1;
  const sides = { before: pad, after: Math.max(0, (out - 1) * stride + kernel - height - pad) };
  const op = groups > 1 && groups === channels ? "depthwiseConv2d" : "conv2d";
  return { op, from, to, kernel, stride, groups, ...sides };
}

function poolingOf(net: Net, { param }: Layer, from: readonly string[], to: string): Step {
  const {
    pool = "MAX",
    kernel_size: kernel = 1,
    stride = 1,
    pad = 0,
    global_pooling: isGlobal,
  } = param.pooling_param ?? {};
  const [height = 1, out = 1] = [from[0] as string, to].map((blob) => net.blob(blob).shape[2]);
  const op = pool === "MAX" ? "maxPool" : "avgPool";
  if (isGlobal) return { op, from, to, kernel: height, stride: 1, before: 0, after: 0 };
  const after = Math.max(0, (out - 1) * stride + kernel - height - pad);
  return { op, from, to, kernel, stride, before: pad, after };
}

/** Filter and bias with outputs last: H×W×inputs×outputs, H×W×channels×1, or inputs×outputs in the order of channels last. */
function weightsOf(
  { param, blobs: [w, b] }: Layer,
  bottom: readonly number[],
): { data: Float32Array; shape: readonly number[] }[] {
  if (!w) throw new Error(`${param.type} without weights`);
  const outputs = w.shape[0] as number;
  const isProduct = param.type === "InnerProduct";
  const [inputs = 1, height = 1, width = 1] = isProduct ? bottom.slice(1) : w.shape.slice(1);
  const isDepthwise = !isProduct && inputs === 1 && param.convolution_param?.group === outputs;
  const data = new Float32Array(w.count());
  const places = height * width;
  for (let o = 0; o < outputs; o++) {
    for (let c = 0; c < inputs; c++) {
      for (let p = 0; p < places; p++) {
        data[(p * inputs + c) * outputs + o] = w.data[(o * inputs + c) * places + p] as number;
      }
    }
  }
  const planes = isDepthwise ? [height, width, outputs, 1] : [height, width, inputs, outputs];
  const bias = b ? Float32Array.from(b.data) : new Float32Array(outputs);
  return [
    { data, shape: isProduct ? [inputs * places, outputs] : planes },
    { data: bias, shape: [outputs] },
  ];
}

/** Multiplies a line per channel into filter and bias. */
function fold({ param, blobs }: Layer, [filter, bias]: { data: Float32Array }[]): void {
  if (!filter || !bias) throw new Error(`${param.type} behind no product`);
  const [first, second, third] = blobs;
  const outputs = bias.data.length;
  const isScale = param.type === "Scale";
  const count = third?.data[0] || 1;
  const eps = param.batch_norm_param?.eps ?? 1e-5;
  for (let o = 0; o < outputs; o++) {
    const [a = 1, b = 0] = [first?.data[o], second?.data[o]];
    const factor = isScale ? a : 1 / Math.sqrt(b / count + eps);
    const shift = isScale ? b : (-a / count) * factor;
    bias.data[o] = (bias.data[o] as number) * factor + shift;
    for (let i = o; i < filter.data.length; i += outputs) filter.data[i]! *= factor;
  }
}
