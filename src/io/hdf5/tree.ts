/** An array in an HDF5 file. */
export interface Hdf5Array {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/**
 * What stands under a name in an HDF5 file. A number is written as Caffe writes one, a 32-bit whole number in an array
 * of one element, and is read as such an array.
 */
export type Hdf5Node = Hdf5Tree | Hdf5Array | string | number;

/** Groups, arrays and texts by name, as an HDF5 file nests them. */
export interface Hdf5Tree {
  readonly [name: string]: Hdf5Node;
}

/** The node as an array; undefined where it is something else, or nothing. */
export function arrayIn(node: Hdf5Node | undefined): Hdf5Array | undefined {
  return typeof node === "object" && ArrayBuffer.isView(node["data"])
    ? (node as Hdf5Array)
    : undefined;
}

/** The node as a group; undefined where it is something else, or nothing. */
export function groupIn(node: Hdf5Node | undefined): Hdf5Tree | undefined {
  return typeof node === "object" && !arrayIn(node) ? (node as Hdf5Tree) : undefined;
}
