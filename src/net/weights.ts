import { Blob, type BlobValue } from "../blob/blob.ts";
import { blobProtoOf, blobValueOf } from "../blob/blob-proto.ts";
import { readCaffemodel } from "../io/caffemodel.ts";
import type { Hdf5Layer } from "../io/hdf5-model.ts";
import type { LayerParameter, NetParameter } from "../io/proto/caffe.ts";
import type { Layer } from "../layers/base/layer.ts";
import type { DType } from "../util/arrays.ts";
import { NetError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";

/** What of a weights file is trusted: each layer's name and its blobs. */
export interface TrainedWeights {
  /** The file, for messages. */
  readonly source?: string;
  readonly layers: readonly {
    readonly name: string;
    /** Undefined where another layer of the file holds it: it is shared. */
    readonly blobs: readonly (BlobValue | undefined)[];
  }[];
}

/** Where weights come from: a file, several, or one that has been read. */
export type Weights = string | readonly string[] | TrainedWeights;

/** Reads the files among them. */
export function readWeights(weights: Weights): readonly TrainedWeights[] {
  if (typeof weights === "object" && "layers" in weights) return [weights];
  return (typeof weights === "string" ? [weights] : weights).map(readCaffemodel);
}

/** Layers and their names, in the order of a net. */
interface NamedLayers {
  readonly layerNames: readonly string[];
  readonly layers: readonly Layer[];
}

/** The blobs that a prototxt gives a layer itself, as `blobs { }`. */
export function blobsOf(param: LayerParameter, dtype: DType): Blob[] {
  return (param.blobs ?? []).map((proto) => Blob.fromValue(blobValueOf(proto), dtype));
}

/**
 * Copies blobs into the layers of the same name.
 *
 * Layers of the file that the net lacks are logged and ignored; layers that the file lacks keep what they
 * have. A file's layers without blobs are passed over.
 *
 * @param isOwner whether a parameter is its layer's own, not shared with one before it
 * @throws NetError where the number of blobs or a shape differs; nothing has been copied then
 * @see Caffe's Net::CopyTrainedLayersFrom
 */
export function copyWeights(
  names: readonly string[],
  layers: readonly Layer[],
  weights: TrainedWeights,
  isOwner: (blob: Blob) => boolean,
  log: Log,
): void {
  const copies: (() => void)[] = [];
  const left = new Map<string, Layer[]>();
  names.forEach((name, i) => {
    left.set(name, [...(left.get(name) ?? []), layers[i] as Layer]);
  });
  for (const source of weights.layers) {
    // Layers of one name take what the file has under it one after the other; the last takes what is left.
    const targets = left.get(source.name) ?? [];
    const target = targets.length > 1 ? targets.shift() : targets[0];
    if (!target) {
      log("info", "net", `Ignoring source layer ${source.name}`);
      continue;
    }
    if (source.blobs.length === 0 && target.blobs.length === 0) continue;
    checkBlobs(source.name, source.blobs, target.blobs, isOwner, weights.source);
    source.blobs.forEach((value, i) => {
      if (value) copies.push(() => target.blobs[i]?.dataMem.overwriteCpu().set(value.data));
    });
  }
  for (const copy of copies) copy();
}

function checkBlobs(
  name: string,
  source: readonly (BlobValue | undefined)[],
  target: readonly Blob[],
  isOwner: (blob: Blob) => boolean,
  file: string | undefined,
): void {
  const where = file === undefined ? "" : `${file}: `;
  // A file in HDF5 holds a shared parameter once, under its owner.
  const isShared =
    source.length < target.length && target.slice(source.length).every((blob) => !isOwner(blob));
  const lacks = source.some((value, i) => !value && isOwner(target[i] as Blob));
  if ((source.length !== target.length && !isShared) || lacks) {
    throw new NetError(
      `${where}layer '${name}' has ${source.length} blobs. Expected ${target.length}: Incompatible number of blobs for layer ${name}. To learn this layer's parameters from scratch rather than copying from a saved net, rename the layer.`,
    );
  }
  source.forEach((value, i) => {
    const blob = target[i];
    if (!blob || !value || blob.fits(value)) return;
    const sourceShape = [...value.shape, `(${value.data.length})`].join(" ");
    throw new NetError(
      `${where}Cannot copy param ${i} weights from layer '${name}'; shape mismatch.  Source param shape is ${sourceShape}; target param shape is ${blob.shapeString()}. To learn this layer's parameters from scratch rather than copying from a saved net, rename the layer.`,
    );
  });
}

/**
 * Lets `net` use the parameter memory of `other` for layers of the same name.
 * @throws NetError where the number of blobs or a shape differs
 * @see Caffe's Net::ShareTrainedLayersWith
 */
export function shareWeights(net: NamedLayers, other: NamedLayers, log: Log): void {
  const targets = new Map(net.layerNames.map((name, i) => [name, net.layers[i]]));
  other.layers.forEach((source, i) => {
    const name = other.layerNames[i] ?? "";
    const target = targets.get(name);
    if (!target) {
      log("info", "net", `Ignoring source layer ${name}`);
      return;
    }
    if (source.blobs.length !== target.blobs.length) {
      throw new NetError(
        `layer '${name}' has ${source.blobs.length} blobs in one net and ${target.blobs.length} in the other. Expected equal numbers.`,
      );
    }
    source.blobs.forEach((blob, k) => {
      const own = target.blobs[k];
      if (!own?.fits({ shape: blob.shape })) {
        throw new NetError(
          `Cannot share param ${k} weights from layer '${name}'; shape mismatch.  Source param shape is ${blob.shapeString()}; target param shape is ${own?.shapeString()}.`,
        );
      }
      own.shareData(blob);
    });
  });
}

/** A net of that name with every layer's parameter and blobs, as a .caffemodel holds it. */
export function netToParameter(
  name: string | undefined,
  layers: readonly { readonly stored: LayerParameter; readonly layer: Layer }[],
  withDiff: boolean,
): NetParameter {
  return {
    ...(name !== undefined && { name }),
    layer: layers.map(({ stored, layer }) => {
      const { blobs: _given, ...param } = stored;
      const blobs = layer.blobs.map((blob) => blobProtoOf(blob.toValue(withDiff)));
      return blobs.length > 0 ? { ...param, blobs } : param;
    }),
  };
}

/** Each layer's blobs but for those that an earlier layer shares with it, which files in HDF5 hold once. */
export function ownBlobs(
  net: NamedLayers & { readonly learnableParams: readonly { readonly blob: Blob }[] },
  withDiff: boolean,
): Hdf5Layer[] {
  const owners = new Set(net.learnableParams.map(({ blob }) => blob));
  return net.layers.map(({ blobs }, i) => ({
    name: net.layerNames[i] ?? "",
    blobs: blobs.map((blob) =>
      owners.has(blob)
        ? {
            shape: blob.shape,
            data: blob.values(),
            ...(withDiff && { diff: blob.diffValues() }),
          }
        : undefined,
    ),
  }));
}
