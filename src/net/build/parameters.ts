import type { Blob } from "../../blob/blob.ts";
import type { ParamSpec } from "../../io/proto/caffe.ts";
import type { Layer } from "../../layers/base/layer.ts";
import { NetError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { sameShape } from "../../util/shape.ts";

/** One blob that a solver updates. Blobs shared by name count once, under their first owner. */
export interface LearnableParam {
  readonly blob: Blob;
  /** Its `param { name }`, or its index within the layer. */
  readonly name: string;
  readonly layer: string;
  readonly index: number;
  readonly lrMult: number;
  readonly decayMult: number;
  /** Whether several blobs carry its name: then its gradient has several parts. */
  readonly isShared: boolean;
}

interface Owner {
  layer: string;
  index: number;
  blob: Blob;
  /** Multipliers that a prototxt gives; undefined while every layer that shares it leaves them to the default. */
  lrMult: number | undefined;
  decayMult: number | undefined;
  name: string;
}

/**
 * Collects the parameters of a net's layers, and joins those that carry the same non-empty name: their
 * data and diff become the first owner's memory.
 *
 * STRICT sharing (the default) wants equal shapes, PERMISSIVE equal counts. A multiplier written by two
 * sharers must be the same; written by one it holds for all.
 *
 * @see Caffe's Net::AppendParam
 */
export class ParameterTable {
  readonly #owners: Owner[] = [];
  readonly #byName: Map<string, Owner> = new Map();
  readonly #sharers: (readonly [Blob, owner: Blob])[] = [];
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Takes in the blobs of a layer that has been set up.
   * @throws NetError where there are more `param` entries than blobs, or sharers do not agree
   */
  add(layer: Layer, layerName: string): void {
    const specs = layer.param.param ?? [];
    if (specs.length > layer.blobs.length) {
      throw new NetError(
        `Too many params specified for layer ${layerName}: ${specs.length} param entries for ${layer.blobs.length} blobs. Expected at most one for each blob.`,
      );
    }
    layer.blobs.forEach((blob, index) => {
      const spec = specs[index] ?? {};
      // No solver changes a statistic.
      const isFixed = layer.isStatistic(index);
      this.#addBlob(blob, index, isFixed ? { ...spec, lr_mult: 0 } : spec, layerName);
    });
  }

  #addBlob(blob: Blob, index: number, spec: ParamSpec, layer: string): void {
    blob.dataMem.isLasting = true;
    const name = spec.name ?? "";
    const owner = name === "" ? undefined : this.#byName.get(name);
    if (!owner) {
      const added: Owner = {
        layer,
        index,
        blob,
        lrMult: spec.lr_mult,
        decayMult: spec.decay_mult,
        name: name === "" ? String(index) : name,
      };
      this.#owners.push(added);
      if (name !== "") this.#byName.set(name, added);
      return;
    }
    this.#log(
      "info",
      "net",
      `Sharing parameters '${name}' owned by layer '${owner.layer}', param index ${owner.index}`,
    );
    const isStrict = spec.share_mode !== "PERMISSIVE";
    if (isStrict ? !sameShape(blob.shape, owner.blob.shape) : blob.count() !== owner.blob.count()) {
      throw new NetError(
        `Cannot share param '${name}' owned by layer '${owner.layer}' with layer '${layer}'; ${isStrict ? "shape" : "count"} mismatch.  Owner layer param shape is ${owner.blob.shapeString()}; sharing layer expects shape ${blob.shapeString()}.${isStrict ? " share_mode: PERMISSIVE asks for equal counts only." : ""}`,
      );
    }
    this.#sharers.push([blob, owner.blob]);
    blob.shareData(owner.blob);
    blob.shareDiff(owner.blob);
    const where = `Shared param '${name}' of layers '${owner.layer}' and '${layer}' has mismatched`;
    owner.lrMult = agreed(owner.lrMult, spec.lr_mult, `${where} lr_mult`);
    owner.decayMult = agreed(owner.decayMult, spec.decay_mult, `${where} decay_mult`);
  }

  /** Gives every sharer its owner's memory, which may be another than before. */
  reshare(): void {
    for (const [blob, owner] of this.#sharers) {
      blob.shareData(owner);
      blob.shareDiff(owner);
    }
  }

  /** The owners, in the order of the net. */
  learnable(): LearnableParam[] {
    return this.#owners.map(({ lrMult = 1, decayMult = 1, ...owner }) => ({
      ...owner,
      lrMult,
      decayMult,
      isShared: this.#sharers.some(([, shared]) => shared === owner.blob),
    }));
  }
}

function agreed(
  before: number | undefined,
  now: number | undefined,
  what: string,
): number | undefined {
  if (before !== undefined && now !== undefined && before !== now) {
    throw new NetError(`${what}: ${before} and ${now}. Expected one value.`);
  }
  return before ?? now;
}

/** The blobs of the layers that have any, by the layer's key. */
export function paramsOf(
  layers: readonly { readonly key: string; readonly layer: Layer }[],
): ReadonlyMap<string, readonly Blob[]> {
  const learned = layers.filter(({ layer }) => layer.blobs.length > 0);
  return new Map(learned.map(({ key, layer }) => [key, layer.blobs]));
}
