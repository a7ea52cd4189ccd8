import type { FloatArray } from "../../util/arrays.ts";
import type { NdArray } from "../../util/nd-array.ts";

/**
 * What stands under a name in an HDF5 file. A number is written as Caffe writes one, a 32-bit whole number in an array
 * of one element, and is read as such an array.
 */
export type Hdf5Node = Hdf5Tree | NdArray<FloatArray> | string | number;

/** Groups, arrays and texts by name, as an HDF5 file nests them. */
export interface Hdf5Tree {
  readonly [name: string]: Hdf5Node;
}

/** The node as an array; undefined where it is something else, or nothing. */
export function arrayIn(node: Hdf5Node | undefined): NdArray<FloatArray> | undefined {
  return typeof node === "object" && ArrayBuffer.isView(node["data"])
    ? (node as NdArray<FloatArray>)
    : undefined;
}

/** The node as a group; undefined where it is something else, or nothing. */
export function groupIn(node: Hdf5Node | undefined): Hdf5Tree | undefined {
  return typeof node === "object" && !arrayIn(node) ? (node as Hdf5Tree) : undefined;
}
