import { Blob } from "../../blob/blob.ts";
import type { LayerParameter, NetParameter } from "../../io/proto/caffe.ts";
import type { Blobs, Layer, LayerContext } from "../../layers/base/layer.ts";
import type { LayerClass } from "../../layers/registry.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { CaffeError, LayerError, NetError } from "../../util/errors.ts";
import { nearestText } from "../../util/nearest.ts";
import type { NetOptions } from "../options.ts";
import { blobsOf } from "../weights/weights.ts";
import { type PlannedLayer, pruneBackward, warnOfLostWeights } from "./backward-plan.ts";
import { layerKeys } from "./layer-keys.ts";
import { warnOfOverwritten } from "./overwritten.ts";
import { type LearnableParam, ParameterTable } from "./parameters.ts";
import type { EnginesOf } from "./precision.ts";

/** One layer of a built net with all that running it takes. */
export interface BuiltLayer extends PlannedLayer {
  readonly layer: Layer;
  /** What tells it from the others of the net, as `layerKeys` has it. */
  readonly key: string;
  readonly bottomBlobs: Blobs;
  readonly topBlobs: Blobs;
  /** Per top: its weight in the objective, 0 for none. */
  lossWeights: number[];
  /** Bottoms that the layer reads on the host wherever it computes; negative ones from the end. */
  readonly hostBottoms: readonly number[];
  /** Tops whose gradients it reads on the host wherever it computes. */
  readonly hostTopDiffs: readonly number[];
  /** Per top: the diff that its weight has been written to. */
  readonly weightedDiffs: (SyncedMem | undefined)[];
  /** Its parameter as files hold it: with its phase, and with what its type makes of fields that are not given. */
  stored: LayerParameter;
}

/**
 * Fills the diff of every top that counts towards the objective with its weight: where backward begins. Memory
 * that was filled before is left alone, unless it is shared, as by a view: another blob's gradient has been written there
 * since. A top that outgrew its memory has new memory.
 * @param scale a factor on all of them
 */
export function writeLossWeights(
  { lossWeights, topBlobs, weightedDiffs }: BuiltLayer,
  scale = 1,
): void {
  for (let t = 0; t < lossWeights.length; t++) {
    const weight = lossWeights[t];
    const diff = topBlobs[t]?.diffMem;
    if (!weight || !diff || (weightedDiffs[t] === diff && !diff.isShared)) continue;
    diff.overwriteCpu().fill(weight * scale);
    weightedDiffs[t] = diff;
  }
}

/** A net's layers, set up and joined by blobs. */
export interface BuiltNet {
  readonly layers: readonly BuiltLayer[];
  readonly blobs: ReadonlyMap<string, Blob>;
  readonly inputs: readonly string[];
  /** Tops that no layer reads, in alphabetical order. */
  readonly outputs: readonly string[];
  readonly learnable: readonly LearnableParam[];
  /** Joins parameters shared by name once more. */
  readonly reshare: () => void;
  readonly memoryBytes: number;
  /** Lets fillers give their values to parameters that have got none yet, where the net was built to have weights read first. */
  readonly fillRest: () => void;
}

/** Options of a net with its defaults filled in. */
type BuildOptions = Required<Pick<NetOptions, "phase" | "seed" | "dtype" | "log" | "registry">> &
  Pick<NetOptions, "root" | "shard" | "forInference"> &
  Pick<LayerContext, "buildNet" | "file"> & {
    /** What may compute a layer. */
    readonly enginesOf: EnginesOf;
    /** Weights are about to be read: fillers wait for `fillRest`. */
    readonly fillsLater: boolean;
  };

/**
 * Sets up the layers of a filtered net with splits, one after the other.
 *
 * @throws NetError, LayerError where a blob is unknown or made twice, counts do not fit, or a layer
 *   refuses its parameters; what was set up before is closed
 * @see Caffe's Net::Init
 */
export function buildNet(param: NetParameter, options: BuildOptions): BuiltNet {
  // Unknown types are found before any layer is set up.
  const layers = param.layer ?? [];
  for (const layer of layers) options.registry.classOf(layer);
  const keys = layerKeys(layers.map(({ name = "" }) => name));
  const builder = new Builder(options);
  try {
    layers.forEach((layer, i) => {
      builder.add(layer, keys[i] ?? "");
    });
    return builder.finish(param.force_backward ?? false);
  } catch (error) {
    for (const { layer } of builder.layers) layer.close();
    throw error;
  }
}

class Builder {
  readonly layers: BuiltLayer[] = [];
  readonly #options: BuildOptions;
  readonly #blobs: Map<string, Blob> = new Map();
  readonly #available: Set<string> = new Set();
  readonly #blobNeedsBackward: Map<string, boolean> = new Map();
  readonly #inputs: string[] = [];
  readonly #parameters: ParameterTable;
  /** What fills arrays of parameters, where that is to wait. */
  readonly #unfilled: Map<SyncedMem, () => void> = new Map();
  #memoryBytes = 0;

  constructor(options: BuildOptions) {
    this.#options = options;
    this.#parameters = new ParameterTable(options.log);
  }

  add(given: LayerParameter, key: string): void {
    const { enginesOf, phase, seed, dtype, registry, root, file, shard, buildNet } = this.#options;
    const { forInference = false } = this.#options;
    const param: LayerParameter = { ...given, phase: given.phase ?? phase };
    const name = param.name ?? "";
    const Class = registry.classOf(param);
    this.#options.log("info", "layer_factory", `Creating layer ${name}`);
    this.#log(`Creating Layer ${name}`);
    const bottoms = (param.bottom ?? []).map((blob, i) => this.#take(blob, name, i));
    const tops = this.#makeTops(param, Class, name);
    checkArity(param, Class, bottoms.length, tops.names.length);
    checkPropagateDown(param, bottoms.length);

    const layer = registry.create(param, enginesOf(given, Class), {
      key,
      phase: param.phase ?? phase,
      dtype,
      seed,
      log: (message) => this.#options.log("info", "layer", message),
      warn: (message) => this.#options.log("warning", "layer", `layer "${name}": ${message}`),
      buildNet,
      ...(this.#options.fillsLater && {
        fillLater: (mem: SyncedMem, fill: () => void) => void this.#unfilled.set(mem, fill),
      }),
      forInference,
      goesToDevice: (blob) => this.#goesToDevice(blob),
      ...(root !== undefined && { root }),
      ...(file !== undefined && { file }),
      ...(shard !== undefined && { shard }),
    });
    layer.blobs.push(...blobsOf(param, dtype));
    const built: BuiltLayer = {
      layer,
      name,
      key,
      bottoms,
      tops: tops.names,
      bottomBlobs: bottoms.map((blob) => this.#blobs.get(blob) as Blob),
      topBlobs: tops.blobs,
      lossWeights: [],
      weightedDiffs: [],
      hostBottoms: Class.hostBottoms,
      hostTopDiffs: Class.hostTopDiffs,
      needsBackward: false,
      bottomNeedsBackward: [],
      stored: param,
    };
    this.layers.push(built);
    this.#setUp(built, param, Class);
    built.stored = storedParam(param, Class, built);
    if (Class.keepsStatistics) this.#checkStatistics(param, layer);
    this.#parameters.add(layer, name);
    this.#planBackward(built, param);
    if (Class.role === "input") this.#inputs.push(...tops.names);
  }

  finish(force: boolean): BuiltNet {
    pruneBackward(this.layers, this.#options.log);
    if (force) this.#forceBackward();
    warnOfLostWeights(this.layers, this.#options.log);
    // A net in TEST has no backward unless it is forced.
    if (force || this.#options.phase === "TRAIN") warnOfOverwritten(this.layers, this.#options.log);
    const outputs = [...this.#available].sort();
    for (const output of outputs) this.#log(`This network produces output ${output}`);
    return {
      layers: this.layers,
      blobs: this.#blobs,
      inputs: this.#inputs,
      outputs,
      learnable: this.#parameters.learnable(),
      reshare: () => this.#parameters.reshare(),
      memoryBytes: this.#memoryBytes,
      fillRest: () => {
        // Of a shared parameter the owner's array alone is in use.
        for (const { blob } of this.#parameters.learnable())
          if (blob.dataMem.isZero) this.#unfilled.get(blob.dataMem)?.();
      },
    };
  }

  #goesToDevice(blob: Blob): boolean {
    return this.layers.some(
      ({ layer, bottomBlobs }) => layer.engine.device !== undefined && bottomBlobs.includes(blob),
    );
  }

  #log(message: string): void {
    this.#options.log("info", "net", message);
  }

  #take(blob: string, layer: string, index: number): string {
    if (!this.#available.has(blob)) {
      throw new NetError(
        `Unknown bottom blob '${blob}' (layer '${layer}', bottom index ${index}).${nearestText(blob, this.#blobs.keys())}`,
      );
    }
    this.#log(`${layer} <- ${blob}`);
    this.#available.delete(blob);
    return blob;
  }

  #makeTops(
    param: LayerParameter,
    Class: LayerClass,
    layer: string,
  ): { names: string[]; blobs: Blob[] } {
    const names: string[] = [];
    const blobs: Blob[] = [];
    (param.top ?? []).forEach((name, i) => {
      const isInPlace = param.bottom?.[i] === name;
      if (!isInPlace && this.#blobs.has(name)) {
        throw new NetError(
          `Top blob '${name}' produced by multiple sources (again by layer '${layer}'). Expected a name of its own, or the name of bottom ${i} to work in place.`,
        );
      }
      if (isInPlace && !Class.allowsInPlace) {
        throw new LayerError(
          param,
          `its top '${name}' is its bottom. ${Class.type} Layer does not allow in-place computation. Expected a top of another name.`,
        );
      }
      this.#log(`${layer} -> ${name}${isInPlace ? " (in-place)" : ""}`);
      const blob = isInPlace ? (this.#blobs.get(name) as Blob) : this.#newBlob();
      this.#blobs.set(name, blob);
      this.#available.add(name);
      names.push(name);
      blobs.push(blob);
    });
    while (Class.makesTops && names.length < Class.tops.min) {
      this.#log(`${layer} -> (automatic)`);
      names.push("(automatic)");
      blobs.push(this.#newBlob());
    }
    return { names, blobs };
  }

  #newBlob(): Blob {
    return new Blob([0], this.#options.dtype);
  }

  #setUp(built: BuiltLayer, param: LayerParameter, Class: LayerClass): void {
    const { layer, bottomBlobs, topBlobs, name } = built;
    try {
      layer.setUp(bottomBlobs, topBlobs);
      layer.reshape(bottomBlobs, topBlobs);
    } catch (error) {
      if (error instanceof CaffeError && !(error instanceof LayerError)) {
        throw new LayerError(param, error.message, { cause: error });
      }
      throw error;
    }
    this.#log(`Setting up ${name}`);
    const weights = param.loss_weight ?? [];
    if (weights.length > 0 && weights.length !== topBlobs.length) {
      throw new LayerError(
        param,
        `${weights.length} loss_weight entries for ${topBlobs.length} tops. Expected none or one for each top.`,
      );
    }
    topBlobs.forEach((top, i) => {
      const weight = weights[i] ?? (Class.isLoss && built.layer.countsByDefault && i === 0 ? 1 : 0);
      built.lossWeights.push(weight);
      this.#log(`Top shape: ${top.shapeString()}`);
      if (weight !== 0) this.#log(`    with loss weight ${weight}`);
      this.#memoryBytes += top.count() * (top.dtype === "f32" ? 4 : 8);
    });
    writeLossWeights(built);
    this.#log(`Memory required for data: ${this.#memoryBytes}`);
  }

  #checkStatistics(param: LayerParameter, layer: Layer): void {
    if (layer.ignoresStatisticsRates) return;
    if ((param.param ?? []).some((spec, i) => layer.isStatistic(i) && (spec.lr_mult ?? 0) !== 0)) {
      throw new LayerError(
        param,
        "Cannot configure batch normalization statistics as layer parameters. Expected lr_mult: 0 in every param, or no param at all.",
      );
    }
  }

  #planBackward(built: BuiltLayer, param: LayerParameter): void {
    const { layer } = built;
    built.bottoms.forEach((blob, i) => {
      const below = this.#blobNeedsBackward.get(blob) ?? false;
      built.needsBackward ||= below;
      built.bottomNeedsBackward.push(param.propagate_down?.[i] ?? below);
    });
    layer.blobs.forEach((_, i) => {
      const learns = (param.param?.[i]?.lr_mult ?? 1) !== 0 && !layer.isStatistic(i);
      layer.paramPropagateDown.push(learns);
      built.needsBackward ||= learns;
    });
    for (const top of built.tops) this.#blobNeedsBackward.set(top, built.needsBackward);
  }

  #forceBackward(): void {
    for (const built of this.layers) {
      built.needsBackward = true;
      built.bottomNeedsBackward.forEach((needs, i) => {
        built.bottomNeedsBackward[i] = needs || built.layer.allowForceBackward(i);
      });
      built.layer.paramPropagateDown.fill(true);
    }
  }
}

/** A layer's parameter as a .caffemodel has it: with the loss_weight of 1 that losses have by default, and lr_mult 0 of statistics. */
function storedParam(
  param: LayerParameter,
  Class: LayerClass,
  { layer, lossWeights }: BuiltLayer,
): LayerParameter {
  const { loss_weight = [], param: specs = [] } = param;
  return {
    ...param,
    ...(Class.isLoss && loss_weight.length === 0 && { loss_weight: lossWeights }),
    ...(Class.keepsStatistics && {
      param: layer.blobs.map((_, i) => specs[i] ?? (layer.isStatistic(i) ? { lr_mult: 0 } : {})),
    }),
  };
}

function checkArity(param: LayerParameter, Class: LayerClass, bottoms: number, tops: number): void {
  const check = (
    kind: "bottom" | "top",
    count: number,
    { min, max }: LayerClass["bottoms"],
  ): void => {
    const verb = kind === "bottom" ? "as input" : "as output";
    const fail = (amount: string): never => {
      throw new LayerError(
        param,
        `${Class.type} Layer ${kind === "bottom" ? "takes" : "produces"} ${amount} ${kind} blob(s) ${verb}, not ${count}.`,
      );
    };
    if (min === max && count !== min) fail(String(min));
    if (count < min) fail(`at least ${min}`);
    if (count > max) fail(`at most ${max}`);
  };
  check("bottom", bottoms, Class.bottoms);
  check("top", tops, Class.tops);
  if (Class.equalBottomsAndTops && bottoms !== tops) {
    throw new LayerError(
      param,
      `${Class.type} Layer produces one top blob as output for each bottom blob input, not ${tops} for ${bottoms}.`,
    );
  }
}

function checkPropagateDown(param: LayerParameter, bottoms: number): void {
  const count = param.propagate_down?.length ?? 0;
  if (count !== 0 && count !== bottoms) {
    throw new LayerError(
      param,
      `propagate_down is given ${count} times for ${bottoms} bottoms. Expected none or one for each bottom.`,
    );
  }
}
