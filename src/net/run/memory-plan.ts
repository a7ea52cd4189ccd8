import type { Blob } from "../../blob/blob.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { BuiltLayer } from "../build/build.ts";

/**
 * Arrays that are not read any more once a layer has run: an engine gives their memory to the layers after it.
 *
 * - after a layer's backward the gradients of its tops: the layer was their only reader; and their data, unless a
 *   bottom shares it: the layers that read it have run backward before
 * - after a layer's forward the data of its bottom that backward does not read, or that is made again before it does
 *   (`dropBottoms`)
 * - where there is no backward, after a layer's forward the data that no later layer reads
 *
 * What a program may read after the pass stays: inputs, outputs, losses, the tops of a layer without bottoms, and what it
 * says that it reads; and so does what a layer carries on to the next pass.
 */
export class MemoryPlan {
  readonly #layers: readonly BuiltLayer[];
  readonly #outputs: ReadonlySet<string>;
  readonly #isForwardOnly: boolean;
  /** Whether data that is given up may not even be read as zeros. */
  readonly #isStrict: boolean;
  /** What a program says that it reads. */
  readonly #read: Set<Blob> = new Set();
  /** Tops that may be read after the pass. */
  #kept: readonly Blob[];
  /** Per layer: blobs whose data no later layer reads or writes. Layers reshape them in the pass, to other arrays. */
  #lastUses: readonly (readonly Blob[])[] | undefined;
  /** Per layer: what its tops share arrays with. */
  #sharing: string[] = [];

  constructor(
    layers: readonly BuiltLayer[],
    outputs: readonly string[],
    isForwardOnly: boolean,
    isStrict: boolean,
  ) {
    this.#layers = layers;
    this.#outputs = new Set(outputs);
    this.#isForwardOnly = isForwardOnly;
    this.#isStrict = isStrict;
    this.#kept = this.#findKept();
  }

  #findKept(): Blob[] {
    return this.#layers.flatMap(({ topBlobs }, i) => topBlobs.filter((_, t) => this.keeps(i, t)));
  }

  /** Keeps these from the next pass on. @returns whether one was not kept before */
  keep(blobs: readonly Blob[]): boolean {
    const before = this.#read.size;
    for (const blob of blobs) this.#read.add(blob);
    if (this.#read.size === before) return false;
    this.#kept = this.#findKept();
    this.forget();
    return true;
  }

  /** Shapes have changed: arrays may be others than before. */
  forget(): void {
    this.#lastUses = undefined;
  }

  /** Layers write parts of what they find as zeros. */
  beforeForward(i: number): void {
    if (!this.#isStrict) return;
    for (const { dataMem } of this.#layers[i]?.topBlobs ?? [])
      if (dataMem.isGivenUp) dataMem.zero();
  }

  afterForward(i: number): void {
    if (!this.#isForwardOnly) return;
    if (this.#lastUses && this.#sharing[i] !== sharingOf(this.#layers[i])) this.forget();
    for (const { dataMem: mem } of this.#usedLastBy(i)) {
      if (this.#isStrict) mem.giveUp();
      else mem.zero();
    }
  }

  /** Whether an array is given up after layer i's forward, in a net that runs forward only. */
  givesUp(mem: SyncedMem, i: number): boolean {
    return this.#usedLastBy(i).some(({ dataMem }) => dataMem === mem);
  }

  #usedLastBy(i: number): readonly Blob[] {
    this.#lastUses ??= this.#findLastUses();
    return this.#lastUses[i] ?? [];
  }

  /** Whether top t of layer i may be read after the pass, by a program or by the layer itself in the next. */
  keeps(i: number, t: number): boolean {
    const { layer, tops, topBlobs, lossWeights } = this.#layers[i] as BuiltLayer;
    const isOutput = this.#outputs.has(tops[t] ?? "");
    return layer.carriesTops || isOutput || lossWeights[t] !== 0 || this.#isRead(topBlobs[t]);
  }

  #isRead(blob: Blob | undefined): boolean {
    for (const { dataMem } of this.#read) if (dataMem === blob?.dataMem) return true;
    return false;
  }

  /** Gives up the data of the bottoms of layer i: no layer reads it any more. */
  dropBottoms(i: number): void {
    for (const bottom of this.#layers[i]?.bottomBlobs ?? [])
      if (!this.#isRead(bottom)) bottom.dataMem.zero();
  }

  afterBackward(i: number): void {
    const { layer, topBlobs, bottomBlobs } = this.#layers[i] as BuiltLayer;
    for (const top of topBlobs) {
      // Where a view of it is kept, it is kept too.
      if (this.#kept.some((kept) => isShared(kept, top))) continue;
      if (bottomBlobs.every(({ diffMem }) => diffMem !== top.diffMem)) top.diffMem.zero();
      const isOwn =
        bottomBlobs.length > 0 && bottomBlobs.every(({ dataMem }) => dataMem !== top.dataMem);
      // What a device holds stays: its loss is read later, and if that is infinite the data shows which layer made it so.
      if (isOwn && !layer.engine.device) top.dataMem.zero();
    }
  }

  /** Blobs that share an array (views, splits) count as one. */
  #findLastUses(): Blob[][] {
    const last = new Map<SyncedMem, { i: number; readonly blobs: Set<Blob> }>();
    const kept = new Set<SyncedMem>();
    this.#layers.forEach(({ topBlobs, bottomBlobs }, i) => {
      for (const blob of [...bottomBlobs, ...topBlobs]) {
        const use = last.get(blob.dataMem) ?? { i, blobs: new Set() };
        use.i = i;
        last.set(blob.dataMem, use);
        use.blobs.add(blob);
      }
      topBlobs.forEach(({ dataMem }, t) => {
        const isSource = bottomBlobs.length === 0;
        if (isSource || this.keeps(i, t)) kept.add(dataMem);
      });
    });
    const uses: Blob[][] = this.#layers.map(() => []);
    for (const [mem, { i, blobs }] of last) if (!kept.has(mem)) uses[i]?.push(...blobs);
    this.#sharing = this.#layers.map(sharingOf);
    return uses;
  }
}

/** Which arrays of its bottoms and earlier tops each top of a layer is: a reshape may change that, and with it what is read last where. */
function sharingOf(built: BuiltLayer | undefined): string {
  const { bottomBlobs = [], topBlobs = [] } = built ?? {};
  const all = [...bottomBlobs, ...topBlobs].map(({ dataMem }) => dataMem);
  return topBlobs.map(({ dataMem }) => all.indexOf(dataMem)).join();
}

function isShared(a: Blob, b: Blob): boolean {
  return a.dataMem === b.dataMem || a.diffMem === b.diffMem;
}
