import { resolve } from "node:path";
import type { Blob } from "../../blob/blob.ts";
import type { Engine, Noise, Primitive } from "../../engines/engine.ts";
import type { RecordCounts } from "../../io/loaders/records-in-pass.ts";
import type { SourceRecords } from "../../io/loaders/source-records.ts";
import type { LayerParameter, NetParameter, Phase } from "../../io/proto/caffe.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { DType } from "../../util/arrays.ts";
import { CaffeError, LayerError } from "../../util/errors.ts";
import { Random } from "../../util/random.ts";
import type { Shape } from "../../util/shape.ts";
import type { ByteRoleOf } from "./byte-role.ts";
import type { CoordMapOf } from "./coord-map.ts";
import type { LayerFusion } from "./layer-fusion.ts";
import type { SideBySide } from "./side-by-side.ts";
import type { TestCounts } from "./test-counts.ts";

/** Lists of blobs by how many there are: a layer states its arity with them. */
export type Blobs = readonly Blob[];
export type None = readonly [];
export type One = readonly [Blob];
export type Two = readonly [Blob, Blob];
export type OneOrMore = readonly [Blob, ...Blob[]];

/** How many bottoms or tops a layer takes. */
export interface Arity {
  readonly min: number;
  readonly max: number;
}

/** Arities by name. */
export const arity = {
  none: { min: 0, max: 0 },
  one: { min: 1, max: 1 },
  two: { min: 2, max: 2 },
  oneOrTwo: { min: 1, max: 2 },
  oneOrMore: { min: 1, max: Number.POSITIVE_INFINITY },
  twoOrMore: { min: 2, max: Number.POSITIVE_INFINITY },
} as const satisfies Record<string, Arity>;

/** A net within a layer, as far as the layer needs to know it. */
export interface InnerNet {
  readonly layerNames: readonly string[];
  readonly learnableParams: readonly { readonly blob: Blob }[];
  debugInfo: boolean;
  blob(name: string): Blob;
  reshape(): void;
  /** Runs layers [from, to]; none of them may have to wait. */
  forwardNow(from: number, to: number): void;
  backwardNow(from: number, to: number): void;
  /** Makes parameters shared by name use their owner's memory again, after that was exchanged. */
  reshareParameters(): void;
  close(): void;
}

/** What a layer is given besides its parameters: it has no other way to the world. */
export interface LayerContext {
  /** What tells the layer from the others of its net: its name, with a number behind where one before has it too. */
  readonly key: string;
  readonly engine: Engine;
  /** The fastest random numbers of the run: for fillers, whichever engine the layer is on. */
  readonly noise: Noise;
  /** Takes what fills an array of parameters, where weights are about to be read: those that are read need no filler. */
  readonly fillLater?: (mem: SyncedMem, fill: () => void) => void;
  readonly phase: Phase;
  readonly dtype: DType;
  /** Every random stream of the net derives from it. */
  readonly seed: number;
  /** An INFO line of the run's log. */
  readonly log: (message: string) => void;
  /** A WARNING line of it, which begins with the layer's name. */
  readonly warn: (message: string) => void;
  /** A net of this run's engines, phase and seed, for layers that are made of layers. */
  readonly buildNet: (param: NetParameter) => InnerNet;
  /** Relative paths in the prototxt start here; the current directory by default. */
  readonly root?: string;
  /** The prototxt that the net was read from. */
  readonly file?: string;
  /** The net is for forward passes alone, and so are its parameters: `NetOptions.forInference`. */
  readonly forInference?: boolean;
  /** Whether a layer that reads the blob computes on a device; known once all layers are there. */
  readonly goesToDevice?: (blob: Blob) => boolean;
  /** Whether another solver trains beside this one: records, or in its test nets batches, are dealt out among `count` ranks. */
  readonly shard?: SideBySide;
}

/**
 * How a layer's backward reads the data of a bottom or a top, which a layer in place may have overwritten since forward:
 *
 * - "nothing": not at all
 * - "present": what lies there by then, as Caffe's layer does. Where that is not what forward left, the gradient is not
 *   that of the formula, and the Net warns
 * - "signs": as "present", but nothing except what is above 0
 * - "kept": what forward left there, for Caffe's layer keeps what it needs of it. The Net keeps a copy of it where it is
 *   overwritten
 */
export type BackwardReads = "nothing" | "present" | "signs" | "kept";

/**
 * What a layer is to a net, as pictures and tables show it:
 *
 * - "source": it brings data from outside, from files or the program's arrays. Where only a net's form is looked at, an
 *   Input stands in its place
 * - "input": its tops are the net's inputs
 * - "constant": it makes its tops of its own parameters
 * - "learned": sums, weighted by what it learns
 * - "window", "normalization", "activation": what it does with its bottom
 * - "result": a loss, a score or a choice
 */
export type LayerRole =
  | "source"
  | "input"
  | "constant"
  | "learned"
  | "window"
  | "normalization"
  | "activation"
  | "result"
  | "other";

/** The shape of a top as far as a layer's parameters tell it; undefined where only data does. */
export type TopShapeOf = (param: LayerParameter, topIndex: number) => Shape | undefined;

/** A message of LayerParameter: `relu_param`, `transform_param`. */
export type ParamField = Extract<keyof LayerParameter, `${string}_param`>;

/** What a layer must carry from a snapshot to the resumed run; plain JSON. */
export type LayerState = Readonly<Record<string, number | string | readonly number[]>>;

/**
 * One step of a net: it reads its bottoms and writes its tops.
 *
 * Life: `setUp` once (read parameters, create and fill `blobs`), then for every pass `reshape` (cheap when
 * nothing changed; every buffer and op is made here), `forward` and `backward`, which allocate nothing.
 * All are synchronous and never wait for a device or a file: the Net awaits `ready` before `forward`.
 *
 * These four, and `type`, are what a layer needs. All else has a default that is right where nothing is said: facts of the
 * type (static), what the Net asks when it is built (`allowForceBackward` to `carriesTops`), what files and snapshots ask
 * (`ready` to `close`), and `fusion`.
 *
 * The type parameters are its arity.
 */
export abstract class Layer<Bottom extends Blobs = Blobs, Top extends Blobs = Blobs> {
  /** The `type` a prototxt names it by. */
  static readonly type: string;
  static readonly role: LayerRole = "other";
  /** The parameters it reads: its own, and what it has in common with others (`loss_param`, `transform_param`). */
  static readonly paramFields: readonly ParamField[] = [];
  /** Whether it works in a page: it opens no files, starts no threads and loads no modules. */
  static readonly inBrowser: boolean = true;
  /** How places of its top lie in its bottoms; undefined where they do not, as where all features become one. */
  static readonly coordMap: CoordMapOf = () => undefined;
  /** Of a source: the shapes of its tops before any data is there. */
  static readonly topShape: TopShapeOf = () => undefined;
  /** The primitives it calls: it runs on the first engine that has them all. Plain loops need `host` only. */
  static readonly needs: readonly Primitive[] = ["host"];
  static readonly bottoms: Arity = arity.one;
  static readonly tops: Arity = arity.one;
  /** In a net of bfloat16 or halves its only top, and the gradients that it gives, are kept so: not what counts, picks or is a loss. */
  static readonly mayBe16Bits: boolean | "as its bottom" = false;
  /** What it is where arrays are kept as bytes. */
  static readonly byteRole: ByteRoleOf = () => undefined;
  /** Bottoms whose values the layer's own code reads (labels, row numbers): they must be on the host before forward. */
  static readonly hostBottoms: readonly number[] = [];
  /** Tops whose gradients the layer's own code reads (the weight of a loss): they must be on the host before backward. */
  static readonly hostTopDiffs: readonly number[] = [];
  /** There must be as many tops as bottoms. */
  static readonly equalBottomsAndTops: boolean = false;
  /** Its top may be its bottom: backward still finds what it reads. */
  static readonly allowsInPlace: boolean = false;
  /** Tops that the prototxt leaves out are made anonymously, up to `tops.min`. */
  static readonly makesTops: boolean = false;
  /** Its first top counts towards the objective with weight 1 unless `loss_weight` says otherwise. */
  static readonly isLoss: boolean = false;
  /** `param { lr_mult }` of blobs that are statistics may only be 0; elsewhere it counts as 0 there. */
  static readonly keepsStatistics: boolean = false;
  /**
   * In TEST its forward asks its engine for the same each time, on the same arrays, while shapes and parameters stay: its own code looks
   * at no element and counts no passes. A class says it of itself, not of those that extend it.
   */
  static readonly isSteady: boolean = false;

  /** What `fork` may say in a layer whose type several forks use for different layers. */
  static readonly forks: readonly string[] = [];

  readonly param: LayerParameter;
  /** Learnable parameters, in the order a .caffemodel stores them. */
  readonly blobs: Blob[] = [];
  /** Whether backward computes the gradient of each of `blobs`; set by the Net. */
  readonly paramPropagateDown: boolean[] = [];
  protected readonly context: LayerContext;
  /** What computes it. */
  readonly engine: Engine;
  /** What it offers for running as one with the layers beside it; most layers nothing. */
  readonly fusion?: LayerFusion;

  constructor(param: LayerParameter, context: LayerContext) {
    this.param = param;
    this.context = context;
    this.engine = context.engine;
    this.#checkFork();
  }

  #checkFork(): void {
    const { forks } = this.constructor as typeof Layer;
    const { fork } = this.param;
    if (fork === undefined || forks.includes(fork)) return;
    if (forks.length > 0) {
      this.fail(`fork is "${fork}". Expected ${forks.map((one) => `"${one}"`).join(" or ")}.`);
    }
    this.context.warn(`fork: "${fork}" has no effect here: the type is that of one layer.`);
  }

  /** Looks that `fork` says nothing else than what tells whose layer this is. */
  protected expectFork(fork: string, reason: string): void {
    const said = this.param.fork;
    if (said === undefined || said === fork) return;
    this.fail(`fork is "${said}", and ${reason} says "${fork}". Expected them to agree.`);
  }

  /** Which engine computes it. */
  get engineName(): string {
    return this.engine.name;
  }

  get phase(): Phase {
    return this.context.phase;
  }

  /** Once: reads parameters, creates and fills `blobs`. If `blobs` is not empty they came with the prototxt and are kept. */
  setUp(_bottom: Bottom, _top: Top): void {}

  /** Before every forward: shapes the tops, buffers and ops after the bottoms. */
  abstract reshape(bottom: Bottom, top: Top): void;

  /** bottom.data → top.data. */
  abstract forward(bottom: Bottom, top: Top): void;

  /** top.diff → bottom.diff (overwritten) where `propagateDown` says so, and blobs.diff (added to). */
  abstract backward(top: Top, propagateDown: readonly boolean[], bottom: Bottom): void;

  /** Multiplications, each with an addition, of one forward pass in products with learned weights. */
  macs(_bottom: Bottom, _top: Top): number {
    return 0;
  }

  /** Whether `force_backward` may ask for the gradient of this bottom: asked when the net is built. False for labels. */
  allowForceBackward(_bottomIndex: number): boolean {
    return true;
  }

  /** Whether a loss counts where no `loss_weight` is written; asked when the net is built. */
  get countsByDefault(): boolean {
    return true;
  }

  /** Whether backward reads the gradient of this top: asked by `caffe gradient_check`. False for what is only told beside a loss. */
  readsTopDiff(_topIndex: number): boolean {
    return true;
  }

  /**
   * Whether this blob is a statistic, which no solver changes, whatever `param { lr_mult }` says: asked when the net is
   * built. By default all blobs are where the class `keepsStatistics`, and else none.
   */
  isStatistic(_blobIndex: number): boolean {
    return (this.constructor as typeof Layer).keepsStatistics;
  }

  /** Whether `param { lr_mult }` of a statistic counts as 0 where the class `keepsStatistics`, instead of being refused. */
  get ignoresStatisticsRates(): boolean {
    return false;
  }

  /** How backward reads the data of this bottom: asked when the net is built, and when it looks for fusions. */
  backwardReadsBottom(_bottomIndex: number): BackwardReads {
    return "nothing";
  }

  /** As `backwardReadsBottom`, of the data of this top. */
  backwardReadsTop(_topIndex: number): BackwardReads {
    return "nothing";
  }

  /**
   * Whether what is above 0 stays so, in place, and the rest does not come above it, where a gradient comes by: asked when
   * the net is built, for a layer before it whose backward reads "signs".
   */
  get keepsSigns(): boolean {
    return false;
  }

  /**
   * Whether the next pass reads the data of the tops (a hidden state that lies there): asked where layers share memory,
   * which is then not given up before.
   */
  get carriesTops(): boolean {
    return false;
  }

  /** Of a source: passes over a batch, which another rank takes. */
  async skip(bottom: Bottom, top: Top): Promise<void> {
    await this.ready();
    this.reshape(bottom, top);
    this.forward(bottom, top);
  }

  /** What the last forward has counted, for scores of a whole test; undefined where the mean of the tops' is all there is. */
  testCounts(): TestCounts | undefined {
    return undefined;
  }

  /**
   * What must be awaited before forward (a batch that is still being read); undefined where nothing. It may not wait for a
   * pass of the layer's own net, which waits for it.
   */
  ready(): Promise<void> | undefined {
    return undefined;
  }

  /** Brings what `state` tells to the host; undefined where nothing of it can lie on a device. */
  stateToHost(): Promise<unknown> | undefined {
    return undefined;
  }

  /**
   * What a resumed run needs to go on as if never stopped; undefined where there is nothing.
   * `stateToHost` has been awaited.
   */
  state(): LayerState | undefined {
    return undefined;
  }

  /**
   * What keeps the layer from going on from a state that `state` gave in an earlier run, in words; undefined where nothing
   * does. All layers are asked before any goes on. By default nothing does; `refusesOtherForms` is for a layer whose states
   * all have the form of the present one.
   */
  refuses(_state: LayerState): string | undefined {
    return undefined;
  }

  /** Goes on from a state that `state` gave. */
  restore(_state: LayerState): Promise<void> | undefined {
    return undefined;
  }

  /** What a sample of the present batch was read from, as messages name it; undefined where it was not. */
  recordName(_sample: number): string | undefined {
    return undefined;
  }

  /** How many records a pass over what it reads has; undefined where it reads none, draws them, or cannot tell. */
  recordsInPass(): RecordCounts | undefined {
    return undefined;
  }

  /**
   * Opens what a source holds, to count its records and to name them; undefined where it is none, or has no end. Who asks
   * closes it.
   */
  openRecords(): SourceRecords | undefined {
    return undefined;
  }

  /** Gives back files, threads and memory. */
  close(): void {}

  /** Which of the solvers that train side by side this layer's net is of; 0 where there is one, and in tests. */
  protected get rank(): number {
    return this.phase === "TRAIN" ? (this.context.shard?.rank ?? 0) : 0;
  }

  /** A random stream of this layer's own; `keys` tell several of one layer apart. */
  protected random(...keys: readonly (string | number)[]): Random {
    return new Random(this.context.seed, this.context.key, ...keys);
  }

  /** As `random`, another one in each of the solvers that train side by side. */
  protected randomOfRank(...keys: readonly (string | number)[]): Random {
    return this.random(...keys, ...(this.rank > 0 ? [this.rank] : []));
  }

  /** A path in the prototxt as a path from here. */
  protected locate(path: string): string {
    return this.context.root === undefined ? path : resolve(this.context.root, path);
  }

  /**
   * Makes sure that what this layer writes has one writer.
   * @throws LayerError where several solvers train side by side
   */
  protected checkWritesAlone(what: string): void {
    if ((this.context.shard?.count ?? 1) === 1) return;
    this.fail(
      `every rank of mpirun would write ${what}. Expected this layer where one process runs: in caffe test, or in a training of one.`,
    );
  }

  /** Ends with an error that begins with this layer's name and type. */
  fail(message: string, cause?: unknown): never {
    throw new LayerError(this.param, message, cause === undefined ? undefined : { cause });
  }

  /** As `fail`, about one sample of the batch: the Net adds which record that is. */
  protected failAt(sample: number, message: string): never {
    const error = new LayerError(this.param, message);
    error.sample = sample;
    throw error;
  }

  /** Runs `work`, and puts this layer's name before a CaffeError that knew no layer. */
  protected named<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof CaffeError && !(error instanceof LayerError)) {
        this.fail(error.message, error);
      }
      throw error;
    }
  }
}
