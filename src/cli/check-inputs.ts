import { loadImage, resizeImage } from "../float-images/float-image.ts";
import { centreOf } from "../inference/classifier.ts";
import { isHdf5At, readDatasets } from "../io/hdf5/hdf5.ts";
import { readNpy } from "../io/lists/npy.ts";
import type { Net } from "../net/net.ts";
import { CaffeError } from "../util/errors.ts";
import type { NdArray } from "../util/nd-array.ts";
import { numbersOf } from "./preparation.ts";

/**
 * An image's pixels K×H×W, red first, of 0 to 255, resized and cropped to a net's input as `caffe classify` does.
 * @param imageDims height,width before it is cropped; the input's by default
 * @throws CaffeError where the input is none of images, or larger; FileError, FormatError for the file
 */
export async function pixelsOf(
  file: string,
  input: string,
  net: Net,
  imageDims: string | undefined,
): Promise<NdArray<Float32Array>> {
  const { shape } = net.blob(input);
  const [, channels = 0, height = 0, width = 0] = shape;
  if (shape.length !== 4 || (channels !== 1 && channels !== 3)) {
    throw new CaffeError(
      `input "${input}" has shape ${shape.join("×")}. Expected images for --images: N×1×H×W or N×3×H×W.`,
    );
  }
  const dims = imageDims === undefined ? [height, width] : numbersOf("image_dims", imageDims);
  const [tall = 0, wide = 0] = dims;
  if (dims.length !== 2 || !(tall >= height && wide >= width)) {
    throw new CaffeError(
      `--image_dims is ${imageDims}. Expected height,width, at least the input's ${height},${width}.`,
    );
  }
  const image = await loadImage(file, channels === 3);
  const crop = centreOf(resizeImage(image, tall, wide), height, width);
  const pixels = new Float32Array(crop.data.length);
  const size = height * width;
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = 255 * (crop.data[(i % size) * channels + Math.floor(i / size)] ?? 0);
  }
  return { shape: [channels, height, width], data: pixels };
}

/**
 * Inputs that a file holds: HDF5 with a dataset of each one's name, or one of NumPy (.npy) where there is no other.
 * @throws CaffeError where a .npy is given for several inputs; FileError, FormatError for the file
 */
export function readInputs(
  path: string,
  names: readonly string[],
): Readonly<Record<string, NdArray<Float32Array>>> {
  if (isHdf5At(path)) {
    const arrays = readDatasets(path, names);
    return Object.fromEntries(
      arrays.map(({ shape, data }, i) => [names[i], { shape, data: Float32Array.from(data) }]),
    );
  }
  const [name = "", ...others] = names;
  if (others.length > 0) {
    throw new CaffeError(
      `"${path}" is not HDF5, and the net has the inputs ${names.join(", ")}. Expected HDF5 with a dataset for each.`,
    );
  }
  return { [name]: readNpy(path) };
}
