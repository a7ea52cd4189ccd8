import type { SyncedMem } from "../syncedmem/synced-mem.ts";
import type { FloatArray } from "../util/arrays.ts";
import type { Shape } from "../util/shape.ts";

/** Numbers that a kernel takes besides its arrays. */
export type Params = Readonly<Record<string, number>>;

/** One elementwise function and its derivative, in the language of each engine. */
export interface UnaryKernel<P extends Params = Params> {
  readonly name: string;
  /** The meaning: plain loops, no tricks. Every other entry is tested against it. */
  readonly reference: {
    forward(n: number, x: FloatArray, y: FloatArray, p: P): void;
    /** x or y may be the same array where the layer runs in place. */
    backward(n: number, x: FloatArray, y: FloatArray, dy: FloatArray, dx: FloatArray, p: P): void;
  };
  /** backward cannot do with y alone: a layer that runs in place must keep x. */
  readonly backwardReadsX?: true;
  /** The oneDNN eltwise algorithm with this meaning, and its backward form that reads y instead of x. */
  readonly onednn?: {
    readonly forward: "relu" | "logistic" | "tanh";
    readonly alpha?: keyof P & string;
  };
}

/** An elementwise function that another primitive may apply to its result on the way out. */
export interface PostOp {
  readonly kernel: UnaryKernel<Params>;
  readonly params: Params;
}

/** y = f(x) over a whole array. In place (x === y) is allowed; backward then reads y only. */
export interface UnaryOp {
  forward(x: SyncedMem, y: SyncedMem): void;
  backward(x: SyncedMem, y: SyncedMem, dy: SyncedMem, dx: SyncedMem): void;
}

/** A convolution, all sizes resolved. Spatial lists have one entry per spatial axis (0 or more). */
export interface ConvolutionDescriptor {
  readonly batch: number;
  readonly groups: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly input: Shape;
  readonly output: Shape;
  readonly kernel: Shape;
  readonly stride: Shape;
  readonly pad: Shape;
  readonly dilation: Shape;
  readonly hasBias: boolean;
}

/**
 * y = W ⊛ x + b.  x: (N, C, i…)  W: (O, C/groups, k…)  b: (O)  y: (N, O, o…)
 *
 * dx is overwritten, dW and db are added to. With a post-op, y = f(W ⊛ x + b).
 */
export interface ConvolutionOp {
  /** Whether forward can apply this function on the way out. */
  accepts(post: PostOp): boolean;
  forward(x: SyncedMem, w: SyncedMem, b: SyncedMem | undefined, y: SyncedMem, post?: PostOp): void;
  backwardData(dy: SyncedMem, w: SyncedMem, dx: SyncedMem): void;
  /** Either may be undefined: frozen, or absent. */
  backwardWeights(
    x: SyncedMem,
    dy: SyncedMem,
    dw: SyncedMem | undefined,
    db: SyncedMem | undefined,
  ): void;
}

/** An inner product, all sizes resolved. */
export interface InnerProductDescriptor {
  /** Shape of one bottom, the axes before `axis` multiplied into the first entry: (M, …features). */
  readonly input: Shape;
  readonly outputs: number;
  readonly hasBias: boolean;
  /** Weights are stored as (features, outputs) instead of (outputs, features). */
  readonly transpose: boolean;
}

/** Y = X · Wᵀ + b.  X: (M, K)  W: (N, K)  b: (N)  Y: (M, N). dX is overwritten, dW and db are added to. */
export interface InnerProductOp {
  accepts(post: PostOp): boolean;
  forward(x: SyncedMem, w: SyncedMem, b: SyncedMem | undefined, y: SyncedMem, post?: PostOp): void;
  backwardData(dy: SyncedMem, w: SyncedMem, dx: SyncedMem): void;
  /** Either may be undefined: frozen, or absent. */
  backwardWeights(
    x: SyncedMem,
    dy: SyncedMem,
    dw: SyncedMem | undefined,
    db: SyncedMem | undefined,
  ): void;
}

/** A pooling of planes, all sizes resolved. Windows are clipped; see the reference for the divisor. */
export interface PoolingDescriptor {
  readonly method: "MAX" | "AVE";
  readonly batch: number;
  readonly channels: number;
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly pad: readonly [number, number];
}

/**
 * x: (N, C, H, W)  y: (N, C, H', W'). dx is overwritten.
 *
 * The op remembers where each maximum came from. With `mask`, of y's shape, forward also writes there
 * the index h·W + w of each maximum within its plane (MAX only).
 */
export interface PoolingOp {
  forward(x: SyncedMem, y: SyncedMem, mask?: SyncedMem): void;
  backward(dy: SyncedMem, dx: SyncedMem): void;
}

/** Local response normalisation: region ACROSS neighbouring channels, or WITHIN a channel. */
export interface LRNDescriptor {
  readonly shape: readonly [number, number, number, number];
  readonly localSize: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
  readonly region: "ACROSS_CHANNELS" | "WITHIN_CHANNEL";
}

/** y = x · (k + α/n · Σ x²)^-β over the region of n elements. x, y: (N, C, H, W). dx is overwritten. */
export interface LRNOp {
  forward(x: SyncedMem, y: SyncedMem): void;
  backward(x: SyncedMem, y: SyncedMem, dy: SyncedMem, dx: SyncedMem): void;
}

/** An array seen as (outer, channels, inner). */
export interface ChannelDescriptor {
  /** The blob's full shape; channels are its axis `axis`. */
  readonly shape: Shape;
  readonly axis: number;
}

/** y = exp(x - max) / Σ exp(x - max) along the channel axis. dx is overwritten; in place is allowed. */
export interface SoftmaxOp {
  forward(x: SyncedMem, y: SyncedMem): void;
  backward(y: SyncedMem, dy: SyncedMem, dx: SyncedMem): void;
}

/** x is normalised per channel: y = (x - mean) / sqrt(variance + eps). */
export interface BatchNormDescriptor {
  /** (N, C, …): channels are axis 1, or a single channel where there is no axis 1. */
  readonly shape: Shape;
  readonly eps: number;
  /** mean and variance are given (TEST) rather than computed from x (TRAIN). */
  readonly useGlobalStats: boolean;
}

/**
 * mean, variance: (C). With useGlobalStats they are read, else forward writes the batch's (biased).
 * In place is allowed: the op keeps what its backward reads. dx is overwritten.
 */
export interface BatchNormOp {
  forward(x: SyncedMem, mean: SyncedMem, variance: SyncedMem, y: SyncedMem): void;
  backward(mean: SyncedMem, variance: SyncedMem, dy: SyncedMem, dx: SyncedMem): void;
}

/** A vector stretched over an array seen as (outer, length, inner). */
export interface BroadcastDescriptor {
  readonly shape: Shape;
  /** The vector covers the axes [axis, axis + its rank) of shape. */
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** y = x · scale (+ bias). dx is overwritten (dx may be dy), dScale and dBias are added to. In place is allowed. */
export interface ScaleOp {
  forward(x: SyncedMem, scale: SyncedMem, bias: SyncedMem | undefined, y: SyncedMem): void;
  backwardData(dy: SyncedMem, scale: SyncedMem, dx: SyncedMem): void;
  /** x is the input of forward, even where that ran in place. */
  backwardParams(
    x: SyncedMem,
    dy: SyncedMem,
    dScale: SyncedMem | undefined,
    dBias: SyncedMem | undefined,
  ): void;
}

/** y = x + bias. dBias is added to. In place is allowed. */
export interface BiasOp {
  forward(x: SyncedMem, bias: SyncedMem, y: SyncedMem): void;
  backwardBias(dy: SyncedMem, dBias: SyncedMem): void;
}

/** y = max(x, 0) + slope · min(x, 0). x is the input of forward, even where that ran in place. */
export interface PReLUOp {
  forward(x: SyncedMem, slope: SyncedMem, y: SyncedMem): void;
  /** dx is overwritten; it may be dy. */
  backwardData(x: SyncedMem, slope: SyncedMem, dy: SyncedMem, dx: SyncedMem): void;
  /** dSlope is added to. */
  backwardSlope(x: SyncedMem, dy: SyncedMem, dSlope: SyncedMem): void;
}

/** One step of a long short-term memory. */
export interface LSTMUnitDescriptor {
  readonly batch: number;
  readonly hidden: number;
}

/**
 * c = cont · σ(f) ∘ before + σ(i) ∘ tanh(g); h = σ(o) ∘ tanh(c).
 *
 * before, c, h: (N, D); gates: (N, 4D), i f o g behind each other; cont: (N). The op keeps the gates' values
 * between forward and backward. dBefore and dGates are overwritten.
 */
export interface LSTMUnitOp {
  forward(before: SyncedMem, gates: SyncedMem, cont: SyncedMem, c: SyncedMem, h: SyncedMem): void;
  backward(
    before: SyncedMem,
    gates: SyncedMem,
    cont: SyncedMem,
    c: SyncedMem,
    h: SyncedMem,
    dc: SyncedMem,
    dh: SyncedMem,
    dBefore: SyncedMem,
    dGates: SyncedMem,
  ): void;
}

/** An elementwise combination of two or more arrays of one shape. */
export interface EltwiseDescriptor {
  readonly shape: Shape;
  readonly operation: "PROD" | "SUM" | "MAX";
  /** SUM only: one per input. */
  readonly coeffs: readonly number[];
  /** PROD only: multiply the other inputs in backward instead of dividing y by x. */
  readonly stableProdGrad: boolean;
}

/** y = Σ coeffᵢ·xᵢ, Π xᵢ or max xᵢ (of equal ones the first wins, but x₁ before x₀). Each dx is overwritten. */
export interface EltwiseOp {
  forward(xs: readonly SyncedMem[], y: SyncedMem): void;
  /** dxs[i] is undefined where no gradient is wanted. */
  backward(
    xs: readonly SyncedMem[],
    y: SyncedMem,
    dy: SyncedMem,
    dxs: readonly (SyncedMem | undefined)[],
  ): void;
}

/** Arrays that lie side by side along one axis of a larger one. */
export interface ConcatDescriptor {
  readonly shapes: readonly Shape[];
  readonly axis: number;
}

/** forward joins xs into y; backward cuts dy into dxs, overwriting those that are given. */
export interface ConcatOp {
  forward(xs: readonly SyncedMem[], y: SyncedMem): void;
  backward(dy: SyncedMem, dxs: readonly (SyncedMem | undefined)[]): void;
}

/** A softmax over `axis` and the log loss of one label per remaining position. */
export interface SoftmaxLossDescriptor extends ChannelDescriptor {
  readonly ignoreLabel: number | undefined;
}

/** prob: shape of x; label: (outer·inner) class numbers. */
export interface SoftmaxLossOp {
  /** Writes prob and returns Σ -log(max(prob[label], FLT_MIN)) and how many labels were counted. */
  forward(x: SyncedMem, label: SyncedMem, prob: SyncedMem): { loss: number; valid: number };
  /** dx = scale · (prob - onehot(label)), 0 where the label is ignored. dx is overwritten. */
  backward(prob: SyncedMem, label: SyncedMem, scale: number, dx: SyncedMem): void;
}

/** One step of stochastic gradient descent with momentum, on one parameter. */
export interface SGDStep {
  readonly rate: number;
  readonly momentum: number;
  /** Factor on the gradient before decay is added: clipping and 1/iter_size. */
  readonly gradientScale: number;
  readonly decay: number;
  readonly regularization: "L1" | "L2";
}

/**
 * The primitives a layer or solver may call. Ops are made once when shapes are known, and run many
 * times; `count` is always the number of elements in use (memory may be larger).
 */
export interface Engine {
  readonly name: "reference" | "native" | "webgpu";

  unary<P extends Params>(kernel: UnaryKernel<P>, params: P, shape: Shape): UnaryOp;
  convolution(d: ConvolutionDescriptor): ConvolutionOp;
  innerProduct(d: InnerProductDescriptor): InnerProductOp;
  pooling(d: PoolingDescriptor): PoolingOp;
  lrn(d: LRNDescriptor): LRNOp;
  softmax(d: ChannelDescriptor): SoftmaxOp;
  softmaxLoss(d: SoftmaxLossDescriptor): SoftmaxLossOp;
  batchNorm(d: BatchNormDescriptor): BatchNormOp;
  scale(d: BroadcastDescriptor): ScaleOp;
  bias(d: BroadcastDescriptor): BiasOp;
  eltwise(d: EltwiseDescriptor): EltwiseOp;
  concat(d: ConcatDescriptor): ConcatOp;
  /** The slope lies over x as d says. */
  prelu(d: BroadcastDescriptor): PReLUOp;
  lstmUnit(d: LSTMUnitDescriptor): LSTMUnitOp;

  /** y = x. */
  copy(count: number, x: SyncedMem, y: SyncedMem): void;
  /** y = a · b elementwise; y may be a. */
  multiply(count: number, a: SyncedMem, b: SyncedMem, y: SyncedMem): void;
  /** y = alpha · x + beta · y (y is not read where beta is 0). */
  axpby(count: number, alpha: number, x: SyncedMem, beta: number, y: SyncedMem): void;
  /** Σ |x|. */
  asum(count: number, x: SyncedMem): number;
  /** Σ x², in the layout where x lies. */
  sumOfSquares(count: number, x: SyncedMem): number;
  /** v ← momentum·v + rate·(gradientScale·g + decay·r(w)); w ← w − v; r(w) = w (L2) or sign(w) (L1). */
  sgd(count: number, step: SGDStep, w: SyncedMem, g: SyncedMem, v: SyncedMem): void;

  /** Plain loops over host memory: what a layer says it needs that computes in its own file. */
  readonly host: true;
}

/** The name of a primitive. */
export type Primitive = Exclude<keyof Engine, "name">;

/** An engine that may lack some primitives; `choose.ts` gives a layer one that has all it needs. */
export type PartialEngine = Pick<Engine, "name"> & Partial<Engine>;
