import type { SyncedMem } from "../syncedmem/synced-mem.ts";
import type { FloatArray } from "../util/arrays.ts";
import type { Shape } from "../util/shape.ts";
import type {
  DropoutDescriptor,
  DropoutOp,
  EltwiseDescriptor,
  EltwiseOp,
  LSTMUnitDescriptor,
  LSTMUnitOp,
  ReductionDescriptor,
  ReductionOp,
} from "./ops/arithmetic.ts";
import type { BytesPlan } from "./ops/bytes.ts";
import type {
  BatchNormDescriptor,
  BatchNormOp,
  BiasOp,
  BroadcastDescriptor,
  ChannelDescriptor,
  MVNDescriptor,
  MVNOp,
  PReLUOp,
  ScaleOp,
  SoftmaxOp,
  UnitLengthDescriptor,
  UnitLengthOp,
} from "./ops/channels.ts";
import type {
  ConcatDescriptor,
  ConcatOp,
  CopyOp,
  CropDescriptor,
  GatherDescriptor,
  GatherOp,
  PermuteDescriptor,
  TileDescriptor,
} from "./ops/copies.ts";
import type { ConvolutionDescriptor, InnerProductDescriptor, LinearOp } from "./ops/linear.ts";
import type {
  ContrastiveLossDescriptor,
  ContrastiveLossOp,
  HingeLossDescriptor,
  InfogainLossDescriptor,
  InfogainLossOp,
  LabelLossOp,
  MultinomialLossDescriptor,
  SigmoidLossDescriptor,
  SoftmaxLossDescriptor,
  SoftmaxLossOp,
} from "./ops/losses.ts";
import type { Noise } from "./ops/noise.ts";
import type { RegionsDescriptor, RegionsOp } from "./ops/regions.ts";
import type { AccuracyDescriptor, AccuracyOp, ArgMaxDescriptor, ArgMaxOp } from "./ops/scores.ts";
import type { Suppress, SuppressClasses } from "./ops/suppression.ts";
import type { Params, UnaryKernel, UnaryOp } from "./ops/unary.ts";
import type { UpdateKernel, UpdateStep } from "./ops/update.ts";
import type {
  LRNDescriptor,
  LRNOp,
  PoolingDescriptor,
  PoolingOp,
  UnpoolingDescriptor,
  UnpoolingOp,
} from "./ops/windowed.ts";

export type * from "./ops/arithmetic.ts";
export type * from "./ops/channels.ts";
export type * from "./ops/copies.ts";
export type * from "./ops/linear.ts";
export type * from "./ops/losses.ts";
export type * from "./ops/noise.ts";
export type * from "./ops/regions.ts";
export type * from "./ops/scores.ts";
export type * from "./ops/suppression.ts";
export type * from "./ops/unary.ts";
export type * from "./ops/update.ts";
export type * from "./ops/windowed.ts";

/** The device of an engine that does not compute on the host: work is queued there in order, and results are awaited. */
export interface Device {
  /** What its maker calls it. */
  readonly name: string;
  /**
   * Undefined while all that was made is known to be well; else what to await, which throws DeviceError where memory,
   * a shader or the device itself failed.
   */
  readonly settled: Promise<void> | undefined;
  /** Sends what is queued as a step; resolves when the device has it and at most one before it to do. */
  submit(): Promise<void>;
  /** Sends what is queued; resolves when all of it is done. */
  finish(): Promise<void>;
  /** What has crossed so far, in bytes of arrays, and how many times work was sent. */
  readonly traffic: {
    readonly uploaded: number;
    readonly downloaded: number;
    readonly submissions: number;
  };
  /** Bytes of arrays on the device. */
  readonly memoryBytes: number;
  /** Whether the device can tell how long it works. */
  readonly canTime: boolean;
  /**
   * Begins to measure; work that is queued from then on counts for the tag of the last `mark`.
   * @param byKernel for that and, behind a tab, the kernel's name
   */
  startTiming(byKernel?: boolean): void;
  mark(tag: string): void;
  /** Milliseconds of work by tag since the last call. */
  readTimes(): Promise<ReadonlyMap<string, number>>;
}

/** How an engine on the host has done its work, for `caffe time`. */
export interface Work {
  /** How often an array was moved into another layout so far. */
  readonly reorders: number;
  /** Names of the implementations that ran since this was last cleared. */
  readonly ran: Set<string>;
  /** The most bytes that arrays in the engine's own layouts have taken at one time. */
  readonly peakBytes: number;
  /** Gives memory that no array lies in back to the system, and what was made of arrays that are no more. */
  giveBack(freed?: readonly Freed[]): void;
}

/** An array that has been freed, and its cpu copy where nobody else has that. */
export interface Freed {
  readonly mem: SyncedMem;
  readonly array: FloatArray | undefined;
}

/** What an engine does for a pass, so that it can do the same again on the same arrays without being told. */
export interface Recording {
  /** Whether the array's newest elements lie where what was recorded has written or read. */
  knows(mem: SyncedMem): boolean;
  /**
   * Ends it. @returns what does all of it again, and says whether the numbers let it: where not, nothing that it has written
   * counts. Undefined where something cannot be done again so, or holds much memory
   */
  end(): (() => boolean) | undefined;
}

/**
 * The primitives a layer or solver may call. Ops are made once when shapes are known, and run many
 * times; `count` is always the number of elements in use (memory may be larger).
 *
 * The formula of each op is beside its type, in `ops/`. None of an op's methods waits or gives back a number: results
 * go to memory, so that a device may queue the work.
 */
export interface Engine {
  readonly name: "reference" | "wasm" | "native" | "webgpu";
  /** Where it computes, if not on the host. */
  readonly device?: Device;
  /** What it tells of its work. */
  readonly work?: Work;
  /**
   * Notes what it does from now on, where it can. Nothing may be awaited before that is ended.
   * @param least bytes of arrays that a pass has at one time at least
   * @returns undefined where that is more memory than a recording may hold
   */
  record?(least: number): Recording | undefined;
  /**
   * The same engine for layers whose arrays are kept as bfloat16: it reads their bottoms and the gradients of their tops, and
   * writes tops and gradients of bottoms, rounded to that; weights are rounded where they are multiplied by. What is learned,
   * statistics and sums are floats, and so is all that other primitives make.
   * @throws EngineError where it has no such form here
   */
  bf16?(): PartialEngine;
  /**
   * The same engine for layers whose products are of halves: convolution and inner product round what they multiply to half precision
   * (11 binary digits, up to 65504), data, weights and gradients; sums are floats, and so is what is learned.
   * @param keepsHalves whether tops and gradients of bottoms are rounded to halves as well, and kept so; else they are floats
   * @throws EngineError where it has no such form here
   */
  f16?(keepsHalves: boolean): PartialEngine;
  /** Its products are of halves. */
  readonly hasHalves?: boolean;
  /**
   * The same engine for a layer whose result is kept as bytes, or that multiplies bytes, forward only: what its primitives read and write
   * are floats to everyone else, `input` and `output` of the plan say which.
   * @throws EngineError where it has no such form here
   */
  bytes?(plan: BytesPlan): PartialEngine;
  /** The same engine for the ops of one layer, which its errors name. */
  forLayer?(name: string): Engine;

  // ops/unary.ts
  unary<P extends Params>(kernel: UnaryKernel<P>, params: P, shape: Shape): UnaryOp;

  // ops/linear.ts
  convolution(d: ConvolutionDescriptor): LinearOp;
  innerProduct(d: InnerProductDescriptor): LinearOp;

  // ops/windowed.ts
  pooling(d: PoolingDescriptor): PoolingOp;
  unpooling(d: UnpoolingDescriptor): UnpoolingOp;
  lrn(d: LRNDescriptor): LRNOp;

  // ops/regions.ts
  regions(d: RegionsDescriptor): RegionsOp;

  // ops/arithmetic.ts
  eltwise(d: EltwiseDescriptor): EltwiseOp;
  reduction(d: ReductionDescriptor): ReductionOp;
  dropout(d: DropoutDescriptor): DropoutOp;
  lstmUnit(d: LSTMUnitDescriptor): LSTMUnitOp;

  // ops/channels.ts
  softmax(d: ChannelDescriptor): SoftmaxOp;
  batchNorm(d: BatchNormDescriptor): BatchNormOp;
  mvn(d: MVNDescriptor): MVNOp;
  unitLength(d: UnitLengthDescriptor): UnitLengthOp;
  scale(d: BroadcastDescriptor): ScaleOp;
  bias(d: BroadcastDescriptor): BiasOp;
  /** The slope lies over x as d says. */
  prelu(d: BroadcastDescriptor): PReLUOp;

  // ops/copies.ts
  concat(d: ConcatDescriptor): ConcatOp;
  crop(d: CropDescriptor): CopyOp;
  permute(d: PermuteDescriptor): CopyOp;
  tile(d: TileDescriptor): CopyOp;
  /**
   * The windows of a convolution as columns; outputs, groups and bias do not count:
   * y(n, (c, k…), p…) = x(n, c, p·stride − pad + k·dilation), 0 in the padding.
   */
  im2col(d: ConvolutionDescriptor): CopyOp;
  gather(d: GatherDescriptor): GatherOp;

  // ops/losses.ts
  softmaxLoss(d: SoftmaxLossDescriptor): SoftmaxLossOp;
  sigmoidLoss(d: SigmoidLossDescriptor): LabelLossOp;
  hingeLoss(d: HingeLossDescriptor): LabelLossOp;
  multinomialLoss(d: MultinomialLossDescriptor): LabelLossOp;
  infogainLoss(d: InfogainLossDescriptor): InfogainLossOp;
  contrastiveLoss(d: ContrastiveLossDescriptor): ContrastiveLossOp;

  // ops/scores.ts
  accuracy(d: AccuracyDescriptor): AccuracyOp;
  argMax(d: ArgMaxDescriptor): ArgMaxOp;

  /** y = x. */
  copy(count: number, x: SyncedMem, y: SyncedMem): void;
  /** y = alpha · x + beta · y (y is not read where beta is 0). */
  axpby(count: number, alpha: number, x: SyncedMem, beta: number, y: SyncedMem): void;
  /** Σ |x|, for people to read: of an engine whose memory the host sees. */
  asum(count: number, x: SyncedMem): number;
  /** Σ x², in the layout where x lies; likewise. */
  sumOfSquares(count: number, x: SyncedMem): number;
  /**
   * One step of a parameter w by its gradient g, with r(w) = w (L2) or sign(w) (L1):
   *
   *     g ← gradientScale·g + decay·r(w);  g ← kernel(g, history);  w ← w − g
   *
   * With decoupledDecay instead: g ← gradientScale·g;  g ← kernel(g, history) + rate·decay·r(w);  w ← w − g.
   * Afterwards g holds what was subtracted, as in Caffe.
   *
   * @returns whether every element of w is a finite number now; true from an engine that would have to wait for the answer
   */
  update<P extends Params>(
    kernel: UpdateKernel<P>,
    count: number,
    step: UpdateStep,
    params: P,
    w: SyncedMem,
    g: SyncedMem,
    history: readonly SyncedMem[],
  ): boolean;

  /** Random numbers into host memory: for fillers. */
  readonly noise: Noise;

  /** Boxes in host memory: for detectors. */
  readonly suppress: Suppress;
  readonly suppressClasses: SuppressClasses;

  /** Plain loops over host memory: what a layer says it needs that computes in its own file. */
  readonly host: true;
}

/** The name of a primitive. */
export type Primitive = Exclude<
  keyof Engine,
  "name" | "device" | "work" | "record" | "bf16" | "f16" | "hasHalves" | "bytes" | "forLayer"
>;

/** The primitives that have forms of bfloat16 and of bytes: what they make goes from layer to layer. */
export type PassedOn =
  | "unary"
  | "convolution"
  | "innerProduct"
  | "pooling"
  | "lrn"
  | "eltwise"
  | "dropout"
  | "batchNorm"
  | "scale"
  | "bias"
  | "prelu"
  | "concat";

/** An engine that may lack some primitives; `choose.ts` gives a layer one that has all it needs. */
export type PartialEngine = Pick<Engine, "name"> & Partial<Engine>;
