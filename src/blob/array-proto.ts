import { blobProtoOf, blobValueOf } from "../io/proto/blob-proto.ts";
import type { BlobProto, BlobProtoVector, Datum } from "../io/proto/caffe.ts";
import { CaffeError } from "../util/errors.ts";
import type { NdArray } from "../util/nd-array.ts";
import { countOf, shapeText } from "../util/shape.ts";
import { ndArrayOf, type Values } from "./nested.ts";

/** The array that a BlobProto holds: its data, or its diff. */
export function blobProtoToArray(proto: BlobProto, which: "data" | "diff" = "data"): NdArray {
  const { shape, data, diff } = blobValueOf(proto);
  return { shape, data: which === "data" ? data : (diff ?? new Float32Array(countOf(shape))) };
}

/** A BlobProto of an array, and of a diff of the same shape where one is given. */
export function arrayToBlobProto(values: Values, diff?: Values): BlobProto {
  const { shape, data } = ndArrayOf(values);
  return blobProtoOf({
    shape,
    data: Float32Array.from(data),
    ...(diff !== undefined && { diff: Float32Array.from(ndArrayOf(diff).data) }),
  });
}

/** Several arrays as one message. */
export function arraysToBlobProtoVector(arrays: readonly Values[]): BlobProtoVector {
  return { blobs: arrays.map((array) => arrayToBlobProto(array)) };
}

/** The arrays that such a message holds. */
export function blobProtoVectorToArrays({ blobs = [] }: BlobProtoVector): NdArray[] {
  return blobs.map((proto) => blobProtoToArray(proto));
}

/**
 * A Datum of an array C×H×W: bytes where it is a Uint8Array, floats otherwise.
 * @throws CaffeError where it has not three axes
 */
export function arrayToDatum(values: Values, label?: number): Datum {
  const { shape, data } = ndArrayOf(values);
  if (shape.length !== 3) {
    throw new CaffeError(`a Datum of shape ${shapeText(shape)}. Expected three axes: C×H×W.`);
  }
  const [channels = 0, height = 0, width = 0] = shape;
  return {
    channels,
    height,
    width,
    ...(data instanceof Uint8Array ? { data } : { float_data: Float32Array.from(data) }),
    ...(label !== undefined && { label }),
  };
}

/**
 * The array C×H×W that a Datum holds.
 * @throws CaffeError where it holds an encoded image, or fewer or more values than its size says
 */
export function datumToArray(datum: Datum): NdArray {
  const { channels = 1, height = 1, width = 1, data, float_data } = datum;
  if (datum.encoded) {
    throw new CaffeError("the Datum holds an encoded image. Expected raw values: decode it first.");
  }
  return ndArrayOf({
    shape: [channels, height, width],
    data: data && data.length > 0 ? data : (float_data ?? []),
  });
}
