import type { Net } from "../../net/net.ts";
import type { LayerCallback } from "../../net/run/layer-runner.ts";
import { LayerTimer } from "../../net/tools/layer-times.ts";
import { recordSource } from "../../net/tools/record-source.ts";
import { readNow } from "../../syncedmem/read-now.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { removeFrom } from "../../util/arrays.ts";
import type { Graph } from "../api.ts";
import { type ArraySample, sampleNow, sampleOf } from "./array-sample.ts";
import { type BatchCopy, batchNow } from "./batch-copy.ts";
import { graphOf } from "./graph.ts";

/** Which array of a net one is: of a layer, by its key, the blob or the top of that number. */
interface ArrayPlace {
  readonly layer: string;
  readonly index: number;
  /** `conv1[0]`, or the top's name. */
  readonly name: string;
}

/** A parameter, sampled, and where it can be drawn the elements that are. */
export interface SampledParameter extends ArrayPlace {
  readonly shape: readonly number[];
  readonly sample: ArraySample;
  /** The first elements, as many as a picture shows; undefined for vectors. */
  readonly drawn: Float32Array | undefined;
}

export interface SampledArray extends ArrayPlace {
  readonly kind: "weights" | "gradients" | "activations";
  readonly sample: ArraySample;
}

/** What the training process can be asked for, and what it tells then. */
export interface Told {
  readonly graph: Graph;
  readonly weights: readonly SampledParameter[];
  readonly samples: readonly SampledArray[];
  readonly batch: BatchCopy | undefined;
}

/** Looks at a net while it trains. It reads, and leaves everything as it is. */
export interface Look<T> {
  /** How many iterations it watches; 0 where it reads between two. */
  readonly iterations: number;
  /** Milliseconds that it has cost so far. */
  readonly spentMs: number;
  begin(): void;
  /** What it has seen. It watches no longer, also where it throws. */
  end(): Promise<T>;
}

/** So many iterations are timed: one alone may have been disturbed. */
const TIMED = 5;
/** Elements of a parameter that a picture shows at most. */
export const MOST_DRAWN = 2 ** 16;

export const looks: {
  readonly [Kind in keyof Told]: (net: Net, passes: number) => Look<Told[Kind]>;
} = {
  graph: (net) => new GraphLook(net),
  weights: (net) => new WeightsLook(net),
  samples: (net, passes) => new SamplesLook(net, passes),
  batch: (net) => new BatchLook(net),
};

/** What is written down within a pass, where an error would end the training: it is kept for `end`. */
class Notes {
  spentMs = 0;
  #problem: unknown;

  readonly guarded =
    (note: (i: number) => void): LayerCallback =>
    (i) => {
      const from = performance.now();
      try {
        note(i);
      } catch (error) {
        this.#problem ??= error;
      }
      this.spentMs += performance.now() - from;
    };

  check(): void {
    if (this.#problem !== undefined) throw this.#problem;
  }
}

class GraphLook implements Look<Graph> {
  readonly iterations: number;
  spentMs = 0;
  readonly #net: Net;
  #timer: LayerTimer | undefined;

  constructor(net: Net) {
    this.#net = net;
    // What a device is given to do says nothing about how long that takes.
    this.iterations = net.device ? 0 : TIMED;
  }

  begin(): void {
    if (this.iterations > 0) this.#timer = new LayerTimer(this.#net);
  }

  async end(): Promise<Graph> {
    const from = performance.now();
    this.#timer?.stop();
    const graph = graphOf(
      this.#net,
      this.#timer && { timer: this.#timer, iterations: this.iterations },
    );
    this.spentMs += performance.now() - from;
    return graph;
  }
}

class WeightsLook implements Look<readonly SampledParameter[]> {
  readonly iterations = 0;
  spentMs = 0;
  readonly #net: Net;

  constructor(net: Net) {
    this.#net = net;
  }

  begin(): void {}

  async end(): Promise<SampledParameter[]> {
    const from = performance.now();
    const parameters: SampledParameter[] = [];
    for (const [i, layer] of this.#net.layers.entries()) {
      for (const [index, blob] of layer.blobs.entries()) {
        const key = this.#net.layerKeys[i] ?? "";
        const isDrawn = blob.shape.length > 1;
        const seen = await readNow(blob.dataMem, (all) => ({
          sample: sampleOf(all, blob.count()),
          drawn: isDrawn ? Float32Array.from(all.subarray(0, MOST_DRAWN)) : undefined,
        }));
        parameters.push({ ...placeOf(key, index), shape: blob.shape, ...seen });
      }
    }
    this.spentMs += performance.now() - from;
    return parameters;
  }
}

/**
 * Samples parameters, gradients and activations in the course of one iteration, each array at the moment it is whole: tops once the
 * last layer that works on them in place has run, gradients of parameters before the update takes them and their memory is
 * given on. So training is done as it is without anybody looking.
 */
class SamplesLook implements Look<readonly SampledArray[]> {
  readonly iterations = 1;
  readonly #notes = new Notes();
  readonly #net: Net;
  readonly #taken: (SampledArray | Promise<SampledArray>)[] = [];
  /** Passes of an iteration that are still to come: gradients are whole in the last. */
  #passes: number;
  readonly #forward: LayerCallback;
  readonly #backward: LayerCallback;

  constructor(net: Net, passes: number) {
    this.#net = net;
    this.#passes = passes;
    const tops = lastWriters(net);
    const gradients = gradientsOf(net);
    const seen = new Set<SyncedMem>();
    this.#forward = this.#notes.guarded((i) => {
      for (const { mem, count, place } of tops.get(i) ?? []) {
        if (seen.has(mem)) continue;
        seen.add(mem);
        this.#take("activations", mem, count, place);
      }
    });
    this.#backward = this.#notes.guarded((i) => {
      if (this.#passes === 1) {
        for (const { mem, count, place, from } of gradients) {
          // A layer behind this one may run its backward with it.
          if (from < i || seen.has(mem) || mem.isZero) continue;
          seen.add(mem);
          this.#take("gradients", mem, count, place);
        }
      }
      if (i === 0) this.#passes--;
    });
  }

  get spentMs(): number {
    return this.#notes.spentMs;
  }

  #take(kind: SampledArray["kind"], mem: SyncedMem, count: number, place: ArrayPlace): void {
    const sample = sampleNow(mem, count);
    this.#taken.push(
      sample instanceof Promise
        ? sample.then((arrived) => ({ ...place, kind, sample: arrived }))
        : { ...place, kind, sample },
    );
  }

  begin(): void {
    this.#net.afterForward.push(this.#forward);
    this.#net.afterBackward.push(this.#backward);
  }

  async end(): Promise<SampledArray[]> {
    removeFrom(this.#net.afterForward, this.#forward);
    removeFrom(this.#net.afterBackward, this.#backward);
    this.#notes.guarded(() => {
      for (const { blob, place } of parametersOf(this.#net)) {
        this.#take("weights", blob.dataMem, blob.count(), place);
      }
    })(0);
    const arrays = await Promise.all(this.#taken);
    this.#notes.check();
    return arrays;
  }
}

class BatchLook implements Look<BatchCopy | undefined> {
  readonly iterations = 1;
  readonly #notes = new Notes();
  readonly #net: Net;
  #copy: BatchCopy | undefined;
  readonly #forward: LayerCallback;

  constructor(net: Net) {
    this.#net = net;
    const source = recordSource(net);
    this.#forward = this.#notes.guarded((i) => {
      if (i === source && !this.#copy) this.#copy = batchNow(net, i);
    });
  }

  get spentMs(): number {
    return this.#notes.spentMs;
  }

  begin(): void {
    this.#net.afterForward.push(this.#forward);
  }

  async end(): Promise<BatchCopy | undefined> {
    removeFrom(this.#net.afterForward, this.#forward);
    this.#notes.check();
    return this.#copy;
  }
}

function placeOf(layer: string, index: number): ArrayPlace {
  return { layer, index, name: `${layer}[${index}]` };
}

interface Writable {
  readonly mem: SyncedMem;
  readonly count: number;
  readonly place: ArrayPlace;
}

/** By layer: the tops that no later layer writes to, in place. */
function lastWriters(net: Net): ReadonlyMap<number, readonly Writable[]> {
  const last = new Map<SyncedMem, { readonly layer: number; readonly top: Writable }>();
  for (const [layer, tops] of net.topBlobs.entries()) {
    const type = net.layers[layer]?.param.type;
    // A split's tops are views of what was told of already.
    if (type === "Split") continue;
    const key = net.layerKeys[layer] ?? "";
    const names = net.topNames(key);
    for (const [index, blob] of tops.entries()) {
      const place = { layer: key, index, name: names[index] ?? "" };
      last.set(blob.dataMem, { layer, top: { mem: blob.dataMem, count: blob.count(), place } });
    }
  }
  const byLayer = new Map<number, Writable[]>();
  for (const { layer, top } of last.values()) {
    byLayer.set(layer, [...(byLayer.get(layer) ?? []), top]);
  }
  return byLayer;
}

/** Gradients of parameters, and the layer after whose backward each is whole: the first that has it. */
function gradientsOf(net: Net): (Writable & { readonly from: number })[] {
  const found = new Map<SyncedMem, Writable & { readonly from: number }>();
  for (const [from, layer] of net.layers.entries()) {
    for (const [index, blob] of layer.blobs.entries()) {
      if (!layer.paramPropagateDown[index] || found.has(blob.diffMem)) continue;
      const place = placeOf(net.layerKeys[from] ?? "", index);
      found.set(blob.diffMem, { mem: blob.diffMem, count: blob.count(), place, from });
    }
  }
  return [...found.values()];
}

function* parametersOf(net: Net): Generator<{
  readonly blob: Net["layers"][number]["blobs"][number];
  readonly place: ArrayPlace;
}> {
  const seen = new Set<SyncedMem>();
  for (const [i, layer] of net.layers.entries()) {
    for (const [index, blob] of layer.blobs.entries()) {
      if (seen.has(blob.dataMem)) continue;
      seen.add(blob.dataMem);
      yield { blob, place: placeOf(net.layerKeys[i] ?? "", index) };
    }
  }
}
