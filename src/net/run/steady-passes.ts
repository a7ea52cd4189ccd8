import type { Blob } from "../../blob/blob.ts";
import type { Engine, Recording } from "../../engines/engine.ts";
import type { Layer } from "../../layers/base/layer.ts";
import type { PrivateStore, SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Shape } from "../../util/shape.ts";
import type { BuiltLayer } from "../build/build.ts";

/** Passes in a row that could not be done again, after which none is recorded until shapes change. */
const MOST_FAILURES = 3;

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

/** A parameter or a top as the last pass left it. */
interface Watched {
  readonly blob: Blob;
  readonly mem: SyncedMem;
  readonly shape: Shape;
  writes: number;
}

/** A top that is kept, and where its elements lie if not in plain order. */
interface Result {
  readonly watched: Watched;
  readonly store: PrivateStore | undefined;
}

/** An input, and the array that passes read. */
interface Input {
  readonly blob: Blob;
  readonly mem: SyncedMem;
  readonly shape: Shape;
  readonly array: unknown;
}

/** A pass, how to do the same with other inputs, and what must not have changed for that. */
interface Recorded {
  readonly again: () => boolean;
  readonly inputs: readonly Input[];
  readonly watched: readonly Watched[];
  readonly results: readonly Result[];
}

/** How often arrays have been written. */
interface Writes {
  readonly inputs: readonly number[];
  readonly parameters: readonly number[];
  readonly tops: readonly number[];
}

/**
 * Whole forward passes of a net that is used alone, while shapes and parameters stay: what the engine did in a pass it does again,
 * and no layer is asked. Only where all layers say that they ask for the same each time (`Layer.isSteady`).
 */
export class SteadyPasses {
  readonly #layers: readonly BuiltLayer[];
  readonly #engine: Engine;
  readonly #inputs: readonly Blob[];
  readonly #parameters: readonly Blob[];
  #recorded: Recorded | undefined;
  #recording: Recording | undefined;
  /** Whether all that was recorded so far has been written by the engine. */
  #isWhole = true;
  /** As the last pass left them, and as the present one found them. */
  #before: Writes | undefined;
  #found: Writes | undefined;
  #failures = 0;

  private constructor(layers: readonly BuiltLayer[], engine: Engine) {
    this.#layers = layers;
    this.#engine = engine;
    this.#inputs = layers.filter(isInput).flatMap(({ topBlobs }) => topBlobs);
    this.#parameters = layers.flatMap(({ layer }) => layer.blobs);
  }

  /** Undefined where a layer is not steady, or no engine can do the same again. */
  static of(layers: readonly BuiltLayer[]): SteadyPasses | undefined {
    const engine = layers.map(({ layer }) => layer.engine).find(({ record }) => record);
    return engine && layers.every(isSteady) ? new SteadyPasses(layers, engine) : undefined;
  }

  /** Whether there is a pass to do again, as far as is known before inputs are written. */
  get isRecorded(): boolean {
    return this.#recorded !== undefined;
  }

  /** Does the last pass again with what the inputs hold now; false where layers have to run. */
  again(): boolean {
    const recorded = this.#recorded;
    if (!recorded) return false;
    if (!isAsBefore(recorded) || !recorded.again()) {
      this.#recorded = undefined;
      return false;
    }
    for (const { watched, store } of recorded.results) {
      if (store) watched.mem.markPrivateWritten(store);
      else watched.mem.overwriteCpu();
      watched.writes = watched.mem.writes;
    }
    return true;
  }

  /** All layers are about to run. What they do is recorded where nothing but the inputs has changed since the last pass. */
  begin(): void {
    const [before, found] = [this.#before, this.#writes()];
    this.#recorded = undefined;
    this.#found = found;
    if (!before || this.#failures >= MOST_FAILURES) return;
    const isSteady =
      areEqual(before.parameters, found.parameters) && areEqual(before.tops, found.tops);
    // What the engine has made of an input before would not be made again.
    const areNew = this.#inputs.every(({ dataMem }, i) => {
      return found.inputs[i] !== before.inputs[i] && dataMem.isCpuFresh && !dataMem.freshPrivate();
    });
    if (!isSteady || !areNew) return;
    this.#isWhole = true;
    this.#recording = this.#engine.record?.(this.#leastMemory());
    if (!this.#recording) this.#failures = MOST_FAILURES;
  }

  /** Bytes that some layer's arrays take together: a pass has no less at one time. */
  #leastMemory(): number {
    const ofLayers = this.#layers.map(({ topBlobs, bottomBlobs }) => {
      const blobs = [...bottomBlobs, ...topBlobs];
      const counts = new Map(blobs.map((blob) => [blob.dataMem, blob.count()]));
      return [...counts.values()].reduce((sum, count) => sum + count * FLOAT, 0);
    });
    return Math.max(...ofLayers);
  }

  /** Layer i has run. */
  ran(i: number): void {
    const recording = this.#recording;
    if (!recording) return;
    const { topBlobs, bottomBlobs } = this.#layers[i] as BuiltLayer;
    for (const { dataMem: mem } of bottomBlobs.length === 0 ? [] : topBlobs) {
      const isShared = bottomBlobs.some(({ dataMem }) => dataMem === mem);
      this.#isWhole &&= isShared || mem.isZero || recording.knows(mem);
    }
  }

  /** The pass has ended. @param isDone to its end */
  end(isDone: boolean): void {
    const [recording, found] = [this.#recording, this.#found];
    this.#recording = undefined;
    const again = recording?.end();
    const writes = isDone ? this.#writes() : undefined;
    this.#before = writes;
    if (!recording || !found || !writes) return;
    // A layer that works in place on an input, or changes what it has learned, would do so twice.
    const isPure =
      areEqual(found.inputs, writes.inputs) && areEqual(found.parameters, writes.parameters);
    if (!again || !this.#isWhole || !isPure) {
      this.#failures++;
      return;
    }
    this.#failures = 0;
    const tops = this.#tops().map(watchedOf);
    this.#recorded = {
      again,
      inputs: this.#inputs.map((blob) => {
        const { dataMem: mem, shape } = blob;
        return { blob, mem, shape, array: mem.cpu() };
      }),
      watched: [...tops, ...this.#parameters.map(watchedOf)],
      results: tops
        .filter(({ mem }) => !mem.isZero)
        .map((watched) => {
          const { mem } = watched;
          return { watched, store: mem.isCpuFresh ? undefined : mem.freshPrivate() };
        }),
    };
  }

  /** Shapes, or what is kept, have changed. */
  forget(): void {
    this.#recorded = undefined;
    this.#before = undefined;
    this.#failures = 0;
  }

  /** One blob for each array that layers write. */
  #tops(): Blob[] {
    const inputs = new Set(this.#inputs.map(({ dataMem }) => dataMem));
    const tops = this.#layers.flatMap(({ topBlobs }) => topBlobs);
    const byMemory = new Map(tops.map((blob) => [blob.dataMem, blob]));
    return [...byMemory].filter(([mem]) => !inputs.has(mem)).map(([, blob]) => blob);
  }

  #writes(): Writes {
    const of = (blobs: readonly Blob[]): number[] => blobs.map(({ dataMem }) => dataMem.writes);
    return { inputs: of(this.#inputs), parameters: of(this.#parameters), tops: of(this.#tops()) };
  }
}

function isInput({ bottomBlobs }: BuiltLayer): boolean {
  return bottomBlobs.length === 0;
}

/** A class says it of itself alone: one that extends it may do anything. */
function isSteady({ layer, lossWeights }: BuiltLayer): boolean {
  const Class = layer.constructor as typeof Layer;
  const isTold = Object.hasOwn(Class, "isSteady") && Class.isSteady;
  return isTold && layer.phase === "TEST" && lossWeights.every((weight) => weight === 0);
}

function watchedOf(blob: Blob): Watched {
  const { dataMem: mem, shape } = blob;
  return { blob, mem, shape, writes: mem.writes };
}

function areEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

function isAsBefore({ watched, inputs }: Recorded): boolean {
  for (let i = 0; i < watched.length; i++) {
    const { blob, mem, shape, writes } = watched[i] as Watched;
    if (blob.dataMem !== mem || mem.writes !== writes || blob.shape !== shape) return false;
  }
  for (let i = 0; i < inputs.length; i++) {
    const { blob, mem, shape, array } = inputs[i] as Input;
    if (blob.dataMem !== mem || blob.shape !== shape) return false;
    if (!mem.isCpuFresh || mem.cpu() !== array) return false;
  }
  return true;
}
