/**
 * pycaffe's `caffe.io`: images as arrays of floats from 0 to 1 that a program holds in its hands, means, and arrays as
 * messages. What data layers read image files with, bytes to pixels, is `io/images`.
 */
export {
  arraysToBlobProtoVector,
  arrayToBlobProto,
  arrayToDatum,
  blobProtoToArray,
  blobProtoVectorToArrays,
  datumToArray,
} from "../blob/array-proto.ts";
export { channelMeans } from "../io/images/mean-image.ts";
export { readIdx } from "../io/lists/idx.ts";
export type { IdxFile } from "../io/lists/idx-array.ts";
export { readNpy } from "../io/lists/npy.ts";
export {
  type Box,
  cropImage,
  type FloatImage,
  loadImage,
  mirrorImage,
  oversample,
  resizeImage,
  saveImage,
} from "./float-image.ts";
export { readMean, writeMean } from "./mean.ts";
export { Transformer, type TransformerOptions } from "./transformer.ts";
