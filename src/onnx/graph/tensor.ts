import type { FloatArray } from "../../util/arrays.ts";
import type { ElementType } from "../format/message.ts";

/** An array that lies in the file. Its elements are asked for when the file is written, so that nothing is held twice. */
export interface Tensor {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: () => FloatArray | BigInt64Array | Uint8Array;
}

const BYTES: Readonly<Record<ElementType, number>> = { FLOAT: 4, INT64: 8, BOOL: 1 };

/** How many elements it has. */
export function elementsIn({ dims }: Pick<Tensor, "dims">): number {
  return dims.reduce((product, length) => product * length, 1);
}

/** How many bytes its elements take in a file. */
export function bytesIn(tensor: Tensor): number {
  return elementsIn(tensor) * BYTES[tensor.type];
}

/** Its elements as a file has them, little end first. */
export function rawData({ type, data }: Tensor): Uint8Array {
  const values = data();
  const plain = type === "FLOAT" && !(values instanceof Float32Array) ? floats(values) : values;
  return new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength);
}

function floats(values: ArrayLike<number | bigint>): Float32Array {
  return Float32Array.from(values as ArrayLike<number>);
}
