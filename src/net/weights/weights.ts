import { Blob } from "../../blob/blob.ts";
import { blobProtoOf, blobValueOf } from "../../io/proto/blob-proto.ts";
import type { LayerParameter, NetParameter } from "../../io/proto/caffe.ts";
import type { Hdf5Layer } from "../../io/weights/hdf5-model.ts";
import type { Layer } from "../../layers/base/layer.ts";
import type { DType } from "../../util/arrays.ts";
import { NetError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { valueText } from "../../util/options.ts";
import { FileWeights } from "./file-weights.ts";
import { pairByName } from "./pair-by-name.ts";
import type { TrainedWeights } from "./trained-weights.ts";

/** Where weights come from: a file, or what one that has been read holds; or several of them. */
export type Weights = string | TrainedWeights | readonly (string | TrainedWeights)[];

/**
 * Reads the files among them.
 * @throws NetError where something else is given
 */
export function readWeights(weights: Weights): readonly TrainedWeights[] {
  const all: readonly unknown[] = Array.isArray(weights) ? weights : [weights];
  return all.map((one) => {
    if (typeof one === "string") return FileWeights.read(one);
    if (typeof one === "object" && one !== null && "layers" in one) return one as TrainedWeights;
    throw new NetError(
      `${valueText(one)} is given as weights. Expected a file, what readCaffemodel gives, or an array of these.`,
    );
  });
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
 * Lets `net` use the parameter memory of `other` for layers of the same name, of several the first for the first.
 * @throws NetError where the number of blobs or a shape differs
 * @see Caffe's Net::ShareTrainedLayersWith
 */
export function shareWeights(net: NamedLayers, other: NamedLayers, log: Log): void {
  let shared = 0;
  for (const [source, target] of pairByName(named(other), named(net))) {
    const { name } = source;
    if (!target) {
      log("info", "net", `Ignoring source layer ${name}`);
      continue;
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
      shared++;
    });
  }
  const hasBlobs = ({ layers }: NamedLayers): boolean => layers.some(({ blobs }) => blobs.length);
  if (shared === 0 && hasBlobs(net) && hasBlobs(other)) {
    log(
      "warning",
      "net",
      "No layer with parameters is in both nets: nothing is shared. Expected layers of the same names.",
    );
  }
}

function named({ layerNames, layers }: NamedLayers): { name: string; blobs: readonly Blob[] }[] {
  return layers.map(({ blobs }, i) => ({ name: layerNames[i] ?? "", blobs }));
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
  return named(net).map(({ name, blobs }) => ({
    name,
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
