import type { BlobProto } from "../io/proto/caffe.ts";
import { shapeOf } from "../io/weights/blob-wire.ts";
import { allocate } from "../util/arrays.ts";
import { CaffeError } from "../util/errors.ts";
import { type BlobValue, elementCount } from "./blob.ts";

/**
 * The value that a BlobProto holds: `shape`, or the legacy num, channels, height and width; float or
 * double data. A single value stands for a constant blob only if the count is 1.
 *
 * @throws CaffeError where no blob has that shape, or the number of values is not what it says
 */
export function blobValueOf(proto: BlobProto): BlobValue {
  const { shape, legacyShape } = shapeOf(proto);
  const data = floats(proto.data, proto.double_data);
  const count = elementCount(shape);
  if (data.length !== count && data.length !== 0) {
    throw new CaffeError(
      `a blob of shape (${shape.join(",")}) with ${data.length} values. Expected ${count}.`,
    );
  }
  const diff = floats(proto.diff, proto.double_diff);
  return {
    shape,
    legacyShape,
    data: data.length === 0 ? allocate("f32", count) : data,
    ...(diff.length > 0 && { diff }),
  };
}

/** A BlobProto holding the value: `shape`, or the old fields where it came from them, and `data` or `double_data` by its element type. */
export function blobProtoOf({ shape, legacyShape, data, diff }: BlobValue): BlobProto {
  const [num, channels, height, width] = shape;
  const isDouble = data instanceof Float64Array;
  return {
    ...(legacyShape ? { num, channels, height, width } : { shape: { dim: [...shape] } }),
    ...(isDouble ? { double_data: data } : { data }),
    ...(diff && (isDouble ? { double_diff: diff } : { diff })),
  } as BlobProto;
}

function floats(
  single: ArrayLike<number> | undefined,
  double: ArrayLike<number> | undefined,
): Float32Array | Float64Array {
  if (double && double.length > 0) return Float64Array.from(double);
  return single instanceof Float32Array ? single : Float32Array.from(single ?? []);
}
