import type { Blob } from "../blob/blob.ts";
import type { LayerParameter, NetParameter } from "../io/proto/caffe.ts";
import { Net } from "../net/net.ts";
import type { NetOptions } from "../net/options.ts";

/** What the values of an array are like. */
interface Signs {
  /** √(Σx²/n); 0 for an empty one. */
  readonly rms: number;
  /** Which share of them is 0. */
  readonly zeros: number;
  readonly greatest: number;
  /** Whether one of them is NaN or infinite. */
  readonly isSpoilt: boolean;
}

/** A top of a layer, right after the layer has run: layers in place have not yet changed it. */
interface TopSigns extends Signs {
  readonly layer: LayerParameter;
  readonly blob: string;
  readonly shape: readonly number[];
}

/** What learns, after all passes. */
interface ParamSigns {
  readonly layer: LayerParameter;
  /** Its place among the layer's blobs: 0 for weights, mostly. */
  readonly index: number;
  readonly lrMult: number;
  readonly values: Signs;
  readonly gradient: Signs;
}

/** What was seen when a net ran a few times over its data, forward and backward, and nothing was updated. */
export interface PassSigns {
  /** The objective of each pass. */
  readonly losses: readonly number[];
  /** Each top in the order of the net, of all passes together. */
  readonly tops: readonly TopSigns[];
  readonly params: readonly ParamSigns[];
  /** Copies of what the softmax losses were given, of the last pass, by the blobs' names. */
  readonly scores: ReadonlyMap<
    string,
    { readonly shape: readonly number[]; readonly values: Float32Array }
  >;
}

/** Sums over an array, and over others of other passes. */
class Counted {
  #count = 0;
  #squares = 0;
  #zeros = 0;
  #greatest = 0;
  #isSpoilt = false;

  add(values: ArrayLike<number>): void {
    this.#count += values.length;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (value === 0) this.#zeros++;
      if (!Number.isFinite(value)) this.#isSpoilt = true;
      this.#squares += value * value;
      const size = Math.abs(value);
      if (size > this.#greatest) this.#greatest = size;
    }
  }

  get signs(): Signs {
    const count = Math.max(this.#count, 1);
    return {
      rms: Math.sqrt(this.#squares / count),
      zeros: this.#zeros / count,
      greatest: this.#greatest,
      isSpoilt: this.#isSpoilt,
    };
  }
}

/**
 * Runs a train net a few times over its data and counts what comes of it. Layers run one by one, so that each is seen as it
 * leaves its tops.
 * @throws what building and running a net throws
 */
export async function runPasses(
  param: NetParameter,
  passes: number,
  scoreBlobs: readonly string[],
  options: NetOptions,
): Promise<PassSigns> {
  using net = new Net(param, { ...options, fuse: false });
  const tops = net.topBlobs.map((blobs) => blobs.map(() => new Counted()));
  net.afterForward.push((i) => {
    for (const [t, blob] of (net.topBlobs[i] ?? []).entries()) tops[i]?.[t]?.add(blob.values());
  });
  const gradients = net.learnableParams.map(() => new Counted());
  const losses: number[] = [];
  for (let pass = 0; pass < passes; pass++) {
    net.clearParamDiffs();
    losses.push(await net.forwardBackward());
    net.learnableParams.forEach(({ blob }, i) => {
      gradients[i]?.add(blob.diffValues());
    });
  }
  const names = net.layerNames;
  return {
    losses,
    tops: net.layers.flatMap(({ param: layer }, i) =>
      (net.topBlobs[i] ?? []).map(({ shape }, t) => ({
        ...{ layer, shape: [...shape], blob: net.topNames(names[i] ?? "")[t] ?? "" },
        ...(tops[i]?.[t] ?? new Counted()).signs,
      })),
    ),
    params: net.learnableParams.map(({ blob, lrMult }, i) => {
      const values = new Counted();
      values.add(blob.values());
      const gradient = (gradients[i] as Counted).signs;
      return { ...placeOf(net, blob), lrMult, values: values.signs, gradient };
    }),
    scores: new Map(
      scoreBlobs.flatMap((name) => {
        const blob = net.blobs.get(name);
        if (!blob) return [];
        return [[name, { shape: [...blob.shape], values: Float32Array.from(blob.values()) }]];
      }),
    ),
  };
}

/** The layer that a parameter is of, and which of its blobs it is. */
function placeOf(net: Net, blob: Blob): Pick<ParamSigns, "layer" | "index"> {
  for (const { blobs, param } of net.layers) {
    const index = blobs.indexOf(blob);
    if (index >= 0) return { layer: param, index };
  }
  return { layer: {}, index: 0 };
}
