import { Blob } from "../../blob/blob.ts";
import type { PostOps } from "../../engines/engine.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { NetError } from "../../util/errors.ts";
import { sameShape } from "../../util/shape.ts";
import type { BuiltLayer, BuiltNet } from "../build/build.ts";
import type { NetOptions } from "../options.ts";
import {
  type Absorption,
  type Fusion,
  findAbsorbed,
  findFusions,
  type IsGivenUp,
  postsOf,
  readsResultAlone,
} from "./fusion.ts";
import { type KeptData, keptDataOf } from "./kept-data.ts";
import { MemoryPlan } from "./memory-plan.ts";
import { findRepetitions, type Repetition } from "./repetition.ts";

/** How layers are to be run. */
export type ExecutionOptions = Pick<
  NetOptions,
  "fuse" | "forwardOnly" | "forInference" | "sharesMemory"
>;

/**
 * Runs the layers of a net, neighbours as one where an engine can (`NetOptions.fuse` says what is the same either way), and
 * gives up memory that no layer reads any more where that is asked for.
 */
export class Execution {
  readonly #layers: readonly BuiltLayer[];
  readonly #fuses: boolean;
  readonly #isForwardOnly: boolean;
  /** By the layer that does the work of others, and by those others. */
  readonly #byProducer: Map<number, Fusion> = new Map();
  readonly #byFollower: Map<number, Fusion> = new Map();
  /** By the layer that gives the rectifier's gradient, and by the rectifier. */
  readonly #byReader: Map<number, Absorption> = new Map();
  readonly #byRectifier: Map<number, Absorption> = new Map();
  /** By the layer that reads the result of the repeated layer. */
  readonly #repetitions: Map<number, Repetition> = new Map();
  /** Those that the last forward pass used. */
  readonly #applied: Set<Fusion | Absorption | Repetition> = new Set();
  /** Those of which the last backward ran as one. */
  readonly #hidden: Set<Fusion> = new Set();
  /** Results of producers whose gradient somebody looks at. */
  readonly #shown: Set<Blob> = new Set();
  readonly #memory: MemoryPlan | undefined;
  /** Per layer: copies of data that its backward reads and another layer overwrites. */
  readonly #kept: readonly (KeptData | undefined)[];

  constructor({ layers, outputs }: BuiltNet, options: ExecutionOptions) {
    const { fuse = true, forwardOnly = false, forInference = false } = options;
    this.#layers = layers;
    this.#fuses = fuse;
    this.#isForwardOnly = forwardOnly;
    this.#kept = forwardOnly ? [] : keptDataOf(layers);
    if (options.sharesMemory) {
      this.#memory = new MemoryPlan(layers, outputs, forwardOnly, forInference);
    }
    this.plan();
  }

  /** Whether backward never runs. */
  get isForwardOnly(): boolean {
    return this.#isForwardOnly;
  }

  /** Keeps the data of these blobs from the next pass on. @returns whether it was given up before */
  keep(blobs: readonly Blob[]): boolean {
    const isNew = this.#memory?.keep(blobs) === true;
    if (isNew) this.plan();
    return isNew;
  }

  /** Looks for neighbours again: shapes may have changed. */
  plan(): void {
    this.#byProducer.clear();
    this.#byFollower.clear();
    this.#applied.clear();
    this.#hidden.clear();
    this.#byReader.clear();
    this.#byRectifier.clear();
    this.#repetitions.clear();
    this.#memory?.forget();
    if (!this.#fuses) return;
    const given = this.#isForwardOnly ? this.#memory : undefined;
    const isGivenUp: IsGivenUp | undefined = given && ((blob, i) => given.givesUp(blob.dataMem, i));
    const fusions = findFusions(this.#layers, this.#isForwardOnly, isGivenUp);
    for (const fusion of fusions) {
      this.#byProducer.set(fusion.producer, fusion);
      for (const i of fusion.followers) this.#byFollower.set(i, fusion);
    }
    if (this.#isForwardOnly) return;
    for (const absorption of findAbsorbed(this.#layers, fusions)) {
      this.#byReader.set(absorption.reader, absorption);
      this.#byRectifier.set(absorption.rectifier, absorption);
    }
    const memory = this.#memory;
    if (!memory) return;
    for (const repetition of findRepetitions(this.#layers, fusions)) {
      if (!memory.keeps(repetition.producer, 0))
        this.#repetitions.set(repetition.reader, repetition);
    }
  }

  /** By layer: the one that does its work, forward or both ways. */
  get fusedLayers(): ReadonlyMap<number, { readonly layer: number; readonly isBackward: boolean }> {
    return new Map(
      [...this.#byFollower].map(([i, { producer, isBackward }]) => [
        i,
        { layer: producer, isBackward },
      ]),
    );
  }

  /** Whether memory is given up that no layer reads any more. */
  get sharesMemory(): boolean {
    return this.#memory !== undefined;
  }

  /**
   * Layer i's forward, in a pass of layers [from, to].
   * @param apart runs every layer by itself, so that what each one makes can be shown
   */
  forward(i: number, from: number, to: number, apart: boolean): void {
    const absorption = this.#byReader.get(i);
    if (absorption) {
      const isApplied = this.#layers[i]?.layer.fusion?.absorbRectifier?.(!apart) === true;
      this.#note(absorption, isApplied);
    }
    this.#memory?.beforeForward(i);
    this.#forward(i, from, to, apart);
    this.#memory?.afterForward(i);
    // The rectifier's sign was all that backward would have read.
    if (absorption && this.#applied.has(absorption)) this.#memory?.dropBottoms(i);
    const repetition = this.#repetitions.get(i);
    if (!repetition) return;
    const isWhole = !apart && repetition.producer >= from;
    this.#note(repetition, isWhole);
    if (isWhole) this.#memory?.dropBottoms(i);
  }

  #note(one: Fusion | Absorption | Repetition, isApplied: boolean): void {
    if (isApplied) this.#applied.add(one);
    else this.#applied.delete(one);
  }

  #forward(i: number, from: number, to: number, apart: boolean): void {
    const before = this.#byFollower.get(i);
    if (before && this.#applied.has(before)) {
      if (before.producer >= from) {
        this.#layers[i]?.layer.fusion?.forwardWasTaken?.();
        return;
      }
      this.#part(before);
    }
    const fusion = this.#byProducer.get(i);
    if (!fusion) {
      this.#runForward(i);
      return;
    }
    this.#hidden.delete(fusion);
    const isWhole = !apart && (fusion.followers.at(-1) ?? i) <= to;
    if (isWhole && fusion.sum) this.#reshapeFollowers(fusion);
    const posts = isWhole ? postsOf(fusion, this.#layers) : undefined;
    this.#note(fusion, posts !== undefined);
    this.#runForward(i, posts, fusion.sum?.top);
  }

  /** Before a producer writes the top of a sum behind it: all that the sum reads has its shape by now. */
  #reshapeFollowers({ producer, followers }: Fusion): void {
    const [result] = this.#layers[producer]?.topBlobs ?? [];
    try {
      for (const i of followers) {
        const { layer, bottomBlobs, topBlobs } = this.#layers[i] as BuiltLayer;
        if (topBlobs.some((top) => !sameShape(top.shape, result?.shape ?? [])))
          layer.reshape(bottomBlobs, topBlobs);
      }
    } catch {
      // Shapes do not fit: it is said when that layer has its turn.
    }
  }

  /** @param sum is written instead of the layer's own top, with `posts` */
  #runForward(i: number, posts?: PostOps, sum?: Blob): void {
    const { layer, bottomBlobs, topBlobs } = this.#layers[i] as BuiltLayer;
    const kept = this.#kept[i];
    kept?.takeBottoms();
    const bottoms = kept?.bottoms ?? bottomBlobs;
    if (posts) layer.fusion?.forward?.(bottoms, sum ? [sum] : topBlobs, posts);
    else layer.forward(bottoms, topBlobs);
    kept?.takeTops();
  }

  /**
   * Layer i's backward, in a pass of layers from `from` back to `to`.
   * @throws NetError where the net is for forward only
   */
  backward(i: number, from: number, to: number): void {
    if (this.#isForwardOnly) {
      throw new NetError(
        "the net was built with forwardOnly, as one with quantization_param always is. Expected forward passes alone.",
      );
    }
    const repetition = this.#repetitions.get(i);
    if (repetition && this.#applied.has(repetition)) {
      this.#forward(repetition.producer, repetition.producer, i, false);
      this.#note(repetition, false);
    }
    const absorbed = this.#byReader.get(i);
    if (absorbed && absorbed.rectifier < to && this.#applied.has(absorbed)) {
      // The rectifier's turn is not in this pass.
      this.#layers[i]?.layer.fusion?.absorbRectifier?.(false);
      this.#note(absorbed, false);
    }
    const absorption = this.#byRectifier.get(i);
    const isDone = absorption && absorption.reader <= from && this.#applied.has(absorption);
    if (!isDone) this.#backward(i, from, to);
    this.#memory?.afterBackward(i);
  }

  /** The layers whose gradients are there once layer i has run backward: those that ran as one come together. */
  completedBy(i: number): readonly number[] {
    const fusion = this.#fusionOf(i);
    if (!fusion) return [i];
    return fusion.producer === i ? [i, ...fusion.followers] : [];
  }

  /** What layer i's backward runs as one with, if it does. */
  #fusionOf(i: number): Fusion | undefined {
    const fusion = this.#byProducer.get(i) ?? this.#byFollower.get(i);
    return fusion?.isBackward && this.#applied.has(fusion) ? fusion : undefined;
  }

  #backward(i: number, from: number, to: number): void {
    const fusion = this.#fusionOf(i);
    if (!fusion) {
      this.#runBackward(i);
      return;
    }
    const last = fusion.followers.at(-1) ?? i;
    const isCut = fusion.producer < to || last > from;
    // A pass that begins here takes the gradient that is there, as the one before left it.
    const isAgain = from > fusion.producer && from <= last && this.#hidden.has(fusion);
    if (isAgain || isCut || this.#shown.has(this.#resultOf(fusion))) {
      if (isAgain) this.#reveal(fusion);
      else this.#part(fusion);
      this.#runBackward(i);
    } else if (fusion.producer === i) {
      this.#runBackward(i, postsOf(fusion, this.#layers));
      this.#hidden.add(fusion);
    }
  }

  #resultOf({ producer }: Fusion): Blob {
    return this.#layers[producer]?.topBlobs[0] as Blob;
  }

  /**
   * From now on the blob's gradient is what layers that run one by one leave there: that before the layers that work on it in
   * place. After a backward pass of this net it is so at once, while its parameters are those of that pass, or where
   * `isUpdated` says that one update has been taken from them since: their `diff` is what it took.
   */
  showGradient(blob: Blob, isUpdated: boolean): void {
    if (this.#shown.has(blob)) return;
    this.#shown.add(blob);
    for (const fusion of this.#hidden) {
      if (this.#resultOf(fusion) !== blob) continue;
      const restore = isUpdated ? this.#takeUpdateBack(fusion) : undefined;
      this.#reveal(fusion);
      restore?.();
    }
  }

  /** Gives the followers' parameters the values before the last update; what it returns gives back the present ones. */
  #takeUpdateBack({ followers }: Fusion): () => void {
    const blobs = followers.flatMap((i) => this.#layers[i]?.layer.blobs ?? []);
    const present = blobs.map(({ dataMem }) => dataMem.cpu().slice());
    for (const { dataMem, diffMem } of blobs) {
      const [values, taken] = [dataMem.mutableCpu(), diffMem.cpu()];
      for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) + (taken[i] ?? 0);
    }
    return () => {
      blobs.forEach(({ dataMem }, b) => void dataMem.overwriteCpu().set(present[b] as FloatArray));
    };
  }

  /** Makes the gradient of a producer's result what its followers, one by one, would have left there. */
  #reveal(fusion: Fusion): void {
    const { bottomBlobs } = this.#layers[fusion.producer] as BuiltLayer;
    this.#part(fusion);
    if (bottomBlobs.includes(this.#resultOf(fusion))) return;
    for (const i of fusion.followers.toReversed()) this.#runBackwardAgain(i);
  }

  /** Layer i's backward, but for the gradients of its parameters, which are there. */
  #runBackwardAgain(i: number): void {
    const { layer } = this.#layers[i] as BuiltLayer;
    const gradients = layer.blobs.map(({ diffMem }) => diffMem.cpu().slice());
    this.#runBackward(i);
    layer.blobs.forEach(({ diffMem }, b) => {
      diffMem.overwriteCpu().set(gradients[b] as FloatArray);
    });
  }

  /** Layers that ran forward as one come apart: each gets what its own forward would have kept, and its backward is its own. */
  #part(fusion: Fusion): void {
    this.#applied.delete(fusion);
    this.#hidden.delete(fusion);
    const { producer, followers, isBackward } = fusion;
    if (
      this.#isForwardOnly ||
      !isBackward ||
      followers.every((i) => readsResultAlone(this.#layers[i]))
    )
      return;
    const { layer, topBlobs, name } = this.#layers[producer] as BuiltLayer;
    const [y] = topBlobs as readonly [Blob];
    // What lies there by now, which layers behind have read or others have written, stays.
    const present = new Blob(y.shape, y.dtype);
    layer.engine.copy(y.count(), y.dataMem, present.dataMem);
    if (layer.fusion?.again?.(topBlobs) !== true) {
      throw new NetError(
        `layer "${name}" ran as one with those in place behind it, and does not come apart from them. Expected a range of all of them or none; or build the net with fuse: false.`,
      );
    }
    for (const i of followers) this.#runForward(i);
    layer.engine.copy(y.count(), present.dataMem, y.dataMem);
    present.free();
  }

  #runBackward(i: number, posts?: PostOps): void {
    const { layer, bottomBlobs, topBlobs, bottomNeedsBackward } = this.#layers[i] as BuiltLayer;
    const { tops = topBlobs, bottoms = bottomBlobs } = this.#kept[i] ?? {};
    if (posts) layer.fusion?.backward?.(tops, bottomNeedsBackward, bottoms, posts);
    else layer.backward(tops, bottomNeedsBackward, bottoms);
  }

  /** Gives back what was kept. */
  close(): void {
    for (const kept of this.#kept) kept?.close();
  }
}
