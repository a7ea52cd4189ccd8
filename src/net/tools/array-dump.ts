import { readHdf5At, writeHdf5 } from "../../io/hdf5/hdf5.ts";
import { arrayIn, groupIn, type Hdf5Node, type Hdf5Tree } from "../../io/hdf5/tree.ts";
import type { FloatArray } from "../../util/arrays.ts";
import type { NdArray } from "../../util/nd-array.ts";
import type { LayerArray } from "./layer-arrays.ts";

/** Groups of a file that is being made. */
interface Group {
  [name: string]: Hdf5Node | Group;
}

/**
 * Every array of a net's layers in an HDF5 file: `LAYER/data/0` is the layer's first top, `LAYER/diff/0` the gradient of its first bottom,
 * `LAYER/params_diff/0` that of its first parameter. Programs in other languages can write and read one.
 */
export class ArrayDump {
  readonly #tree: Group = Object.create(null) as Group;

  /** Copies an array into the dump. */
  add({ layer, kind, index, shape, values }: LayerArray): void {
    if (values.length === 0) return;
    let group = this.#tree;
    for (const name of [...layer.split("/").filter((part) => part !== ""), kind]) {
      group[name] ??= Object.create(null) as Group;
      group = group[name] as Group;
    }
    group[String(index)] = { shape: [...shape], data: values.slice() };
  }

  /** @throws FileError where the file cannot be written; it is there complete, or not at all */
  save(path: string): void {
    writeHdf5(path, this.#tree as Hdf5Tree);
  }
}

/**
 * Reads such a file, and gives what finds an array in it; undefined where it has none.
 * @throws FileError, FormatError where it cannot be read
 */
export function readArrayDump(
  path: string,
): (array: Pick<LayerArray, "layer" | "kind" | "index">) => NdArray<FloatArray> | undefined {
  const tree = readHdf5At(path, "dump");
  return ({ layer, kind, index }) => {
    let group: Hdf5Tree | undefined = tree;
    for (const name of [...layer.split("/").filter((part) => part !== ""), kind]) {
      group = groupIn(group?.[name]);
    }
    return arrayIn(group?.[String(index)]);
  };
}
