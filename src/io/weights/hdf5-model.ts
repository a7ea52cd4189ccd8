import { FormatError } from "../../util/errors.ts";
import type { BlobValue } from "../../util/nd-array.ts";
import { arrayIn, groupIn, type Hdf5Tree } from "../hdf5/tree.ts";

/** A layer of a model, with the blobs that are its own: undefined where another layer holds a shared one. */
export interface Hdf5Layer {
  readonly name: string;
  readonly blobs: readonly (BlobValue | undefined)[];
}

/** The weights in an HDF5 file: group `data` (and `diff`), in it a group for each layer, in that 0, 1, …. */
export function weightsInHdf5(
  root: Hdf5Tree,
  source: string,
): { name: string; blobs: (BlobValue | undefined)[] }[] {
  const data = groupIn(root["data"]);
  if (!data) {
    throw new FormatError(
      `${source}: it has no group "data". Expected the weights of a net, as Caffe writes them.`,
    );
  }
  return layersOf(data, "", groupIn(root["diff"]), source);
}

/** Layers below a group; a layer whose name holds a slash lies in groups within groups. */
function layersOf(
  group: Hdf5Tree,
  prefix: string,
  diff: Hdf5Tree | undefined,
  source: string,
): { name: string; blobs: (BlobValue | undefined)[] }[] {
  const layers: { name: string; blobs: (BlobValue | undefined)[] }[] = [];
  for (const [key, node] of Object.entries(group)) {
    const child = groupIn(node);
    if (!child) continue;
    const name = `${prefix}${key}`;
    const gradients = groupIn(diff?.[key]);
    const blobs: (BlobValue | undefined)[] = [];
    for (const [index, one] of Object.entries(child)) {
      const array = arrayIn(one);
      if (!array || !/^\d{1,4}$/.test(index)) continue;
      const gradient = arrayIn(gradients?.[index]);
      if (gradient && gradient.data.length !== array.data.length) {
        throw new FormatError(
          `${source}: diff/${name}/${index} has ${gradient.data.length} values. Expected ${array.data.length}, as data/${name}/${index}.`,
        );
      }
      blobs[Number(index)] = {
        ...array,
        legacyShape: false,
        ...(gradient && { diff: gradient.data }),
      };
    }
    layers.push({ name, blobs: Array.from(blobs) });
    layers.push(
      ...layersOf(child, `${name}/`, gradients, source).filter(({ blobs: own }) => own.length > 0),
    );
  }
  return layers;
}

/**
 * A model as Caffe lays it out in HDF5: data/<layer>/<index>, and diff/ beside it where the blobs have one. A slash in a
 * layer's name makes a group within a group.
 *
 * @throws FormatError where HDF5 has no room for two layers' names side by side
 */
export function hdf5Model(layers: readonly Hdf5Layer[]): Hdf5Tree {
  const root = emptyGroup();
  groupAt(root, "data");
  for (const { name, blobs } of layers) {
    const group = groupAt(root, `data/${name}`);
    blobs.forEach((blob, i) => {
      if (!blob) return;
      place(group, String(i), { shape: blob.shape, data: blob.data }, name);
      if (!blob.diff) return;
      const below = groupAt(root, `diff/${name}`);
      place(below, String(i), { shape: blob.shape, data: blob.diff }, name);
    });
  }
  return root;
}

/**
 * Makes sure that layers with that many blobs each have names that HDF5 can keep apart.
 * @throws FormatError
 */
export function checkHdf5Names(
  layers: readonly { readonly name: string; readonly blobCount: number }[],
): void {
  const none = { shape: [0], data: new Float32Array(0) };
  const owners = layers.filter(({ blobCount }) => blobCount > 0);
  const twice = owners.find(({ name }, i) => owners.findIndex((one) => one.name === name) !== i);
  if (twice) {
    throw new FormatError(
      `two layers are called "${twice.name}". Expected names of their own where snapshot_format is HDF5; BINARYPROTO takes both.`,
    );
  }
  hdf5Model(layers.map(({ name, blobCount }) => ({ name, blobs: Array(blobCount).fill(none) })));
}

interface Group {
  [name: string]: Group | Hdf5Tree[string];
}

/** A group without a prototype: a layer may have any name. */
function emptyGroup(): Group {
  return Object.create(null) as Group;
}

function groupAt(root: Group, path: string): Group {
  return path.split("/").reduce((group, part) => {
    if (part === "" || part === ".") {
      throw new FormatError(
        `"${path}" is no name in HDF5. Expected a layer's name without empty parts where snapshot_format is HDF5; BINARYPROTO takes any.`,
      );
    }
    group[part] ??= emptyGroup();
    const next = group[part];
    if (arrayIn(next as Hdf5Tree)) refuse(path);
    return next as Group;
  }, root);
}

function place(group: Group, index: string, array: Hdf5Tree[string], layer: string): void {
  if (group[index] !== undefined) refuse(`data/${layer}/${index}`);
  group[index] = array;
}

function refuse(path: string): never {
  throw new FormatError(
    `in HDF5 "${path}" would be a layer and another layer's blob. Expected other names where snapshot_format is HDF5; BINARYPROTO takes these.`,
  );
}
