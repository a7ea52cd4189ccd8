import { loadImage, resizeImage } from "../float-images/float-image.ts";
import { Transformer } from "../float-images/transformer.ts";
import { centreOf } from "../inference/classifier.ts";
import { isHdf5At } from "../io/hdf5/hdf5.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import { Net } from "../net/net.ts";
import type { NetOptions } from "../net/options.ts";
import type { Batches } from "../quantize/calibration.ts";
import { CaffeError } from "../util/errors.ts";
import type { NdArray } from "../util/nd-array.ts";
import { countOf } from "../util/shape.ts";
import { readInputs } from "./check-inputs.ts";
import { preparationOf } from "./deploy-net.ts";
import { picturesNamed } from "./picture-files.ts";
import { type ImageFlags, numbersOf } from "./preparation.ts";

/** Flags that say what a net is run on while scales are found. */
export interface BatchFlags extends ImageFlags {
  readonly data: readonly string[];
  readonly batches: number;
  readonly batch_size: number;
  readonly image_dims: string | undefined;
}

/**
 * The batches that flags name: what the net's own data layers read, pictures, or arrays of a file.
 * @throws CaffeError where the net reads no data and none is named, or it reads some and others are named; FileError, FormatError for
 * the files
 */
export async function calibrationBatches(
  flags: BatchFlags,
  param: NetParameter,
  options: NetOptions,
): Promise<Batches> {
  const { inputs, shape } = inputsOf(param, options);
  const { data, batches } = flags;
  if (inputs.length === 0) {
    if (data.length === 0) return { count: batches, inputs: async () => undefined };
    throw new CaffeError(
      "--data is given, and the net's own layers read its data. Expected a net with inputs (a deploy prototxt), or no --data.",
    );
  }
  const [first] = data;
  if (first === undefined) {
    throw new CaffeError(
      `the net has the inputs ${inputs.join(", ")}, and nothing to run on. Expected --data with pictures, or with a file of arrays (.npy, HDF5).`,
    );
  }
  if (/\.npy$/i.test(first) || (data.length === 1 && isFile(first))) {
    return rowsOf(readInputs(first, inputs), flags);
  }
  const [name = "", ...others] = inputs;
  if (others.length > 0 || shape.length !== 4) {
    throw new CaffeError(
      `the net's inputs are ${inputs.join(", ")}, the first of shape ${shape.join("×")}. Expected one of N×K×H×W for pictures, or a file of arrays.`,
    );
  }
  const rows = await preparedPictures(flags, param, shape);
  return rowsOf({ [name]: rows }, flags);
}

function isFile(path: string): boolean {
  return /\.(h5|hdf5)$/i.test(path) && isHdf5At(path);
}

function inputsOf(
  param: NetParameter,
  options: NetOptions,
): { readonly inputs: readonly string[]; readonly shape: readonly number[] } {
  using net = new Net(param, { ...options, phase: "TEST" });
  const [first] = net.inputs;
  return { inputs: net.inputs, shape: first === undefined ? [] : net.blob(first).shape };
}

/** Batches of rows; what is left over makes a last, smaller one. */
function rowsOf(
  arrays: Readonly<Record<string, NdArray<Float32Array>>>,
  { batches, batch_size: size }: BatchFlags,
): Batches {
  const rows = Math.min(...Object.values(arrays).map(({ shape }) => shape[0] ?? 0));
  const count = Math.min(batches, Math.ceil(rows / size));
  if (count < 1) throw new CaffeError("--data holds nothing. Expected one sample or more.");
  const slice = ({ shape, data }: NdArray<Float32Array>, i: number): NdArray => {
    const length = countOf(shape, 1);
    const [from, to] = [i * size, Math.min(rows, (i + 1) * size)];
    const of = data.subarray(from * length, to * length);
    return { shape: [to - from, ...shape.slice(1)], data: of };
  };
  return {
    count,
    inputs: async (i) =>
      Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, slice(array, i)])),
  };
}

async function preparedPictures(
  flags: BatchFlags,
  param: NetParameter,
  shape: readonly number[],
): Promise<NdArray<Float32Array>> {
  const transformer = new Transformer(shape, preparationOf(flags, param));
  const [, channels = 0, height = 0, width = 0] = shape;
  const [tall = height, wide = width] =
    flags.image_dims === undefined ? [] : numbersOf("image_dims", flags.image_dims);
  const files = picturesNamed(flags.data).slice(0, flags.batches * flags.batch_size);
  const length = channels * height * width;
  const data = new Float32Array(files.length * length);
  for (const [i, file] of files.entries()) {
    const image = await loadImage(file, channels === 3);
    const crop = centreOf(resizeImage(image, tall, wide), height, width);
    data.set(transformer.preprocess(crop).data, i * length);
  }
  return { shape: [files.length, channels, height, width], data };
}
