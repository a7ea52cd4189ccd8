import type { Bf16Products } from "./addon-bf16.ts";
import type { Memory } from "./addon-memory.ts";
import type { Scoring } from "./addon-scoring.ts";
import type { Windowing } from "./addon-windowing.ts";
import type { Buffer, ElementType, StoreMemory, ViewArgs } from "./buffer.ts";
import type { BytesWayOut } from "./bytes-way-out.ts";
import type { Layout, NativeTape, Primitive } from "./primitive.ts";

export type { NormArgs, PoolArgs } from "./addon-windowing.ts";
export type { Buffer, ElementType, Layout, NativeTape, Primitive, StoreMemory, ViewArgs };

type Dims = readonly number[];

/** One of Winograd's algorithm: `held` floats of `scratch` are each thread's own. */
type WinogradPrimitive<Names extends string> = Primitive<Names> & { readonly held: number };

/** Shapes of a convolution as oneDNN wants them. */
export interface ConvolutionShapes {
  readonly src: Dims;
  readonly weights: Dims;
  readonly dst: Dims;
  readonly stride: Dims;
  readonly padLeft: Dims;
  readonly padRight: Dims;
  readonly dilation: Dims;
  readonly hasBias: boolean;
  readonly algorithm: "direct" | "winograd";
  /** Of all but the gradient of the weights, bias and its gradient; f32 by default. */
  readonly type?: ElementType;
  /** Too little work for more than one thread. */
  readonly isSmall: boolean;
}

/** A pooling window as oneDNN wants it. */
export interface PoolingWindow {
  readonly algorithm: "max" | "include" | "exclude";
  readonly dst: Dims;
  readonly stride: Dims;
  readonly kernel: Dims;
  readonly padLeft: Dims;
  readonly padRight: Dims;
}

/** Entries may be undefined where nothing is wanted. */
type Buffers = readonly (Buffer | undefined)[];

/** Three numbers of the function, the count, and its arrays. */
type UnaryArgs<Arrays extends Buffer[]> = [
  p0: number,
  p1: number,
  p2: number,
  n: number,
  ...arrays: Arrays,
];

type InnerProductArgs = [samples: number, features: number, outputs: number, hasBias: boolean];

export type BytesProducts = Primitive<"src" | "weights" | "dst" | "bias">;

/** What native/src exports. Lengths come first, arrays in the order of the formula; see native/src. */
export interface Addon extends Scoring, Windowing, Bf16Products, Memory<Layout> {
  /** Of oneDNN. */
  readonly version: string;
  /** Another number for each state of native/src, and of the processors that it is compiled for. */
  readonly digest: string;
  setThreads(count: number): void;
  /** What the library's failures and a lack of memory are thrown as. */
  setErrorClass(errorClass: new (message: string) => Error): void;
  /**
   * What goes over arrays of the given elements, again for arrays of bfloat16: the same names and arguments. Numbers per
   * channel, marks and indices are floats there too.
   */
  readonly bf16: Partial<Addon>;
  /** Whether the processor multiplies bfloat16 by instructions of its own. */
  readonly multipliesBf16: boolean;
  /** Whether it multiplies bytes by instructions of its own whose sums are exact. */
  readonly multipliesBytes: boolean;
  /** Row-major, or with channels in blocks, as oneDNN's nChw16c, or with a block of 0 last; or as another, with elements of that type. */
  readonly Layout: new (
    dims: Dims | Layout,
    block?: number,
    type?: ElementType,
    scale?: number,
  ) => Layout;
  /** Memory of its own, which may be more than the machine has if it is only reserved, in large pages where there are such; or a part of another's. */
  readonly Store: {
    new (count: number, isReserved?: boolean, isLarge?: boolean): StoreMemory;
    new (whole: Buffer, begin: number, count: number): StoreMemory;
  };
  readonly Tape: new () => NativeTape;
  reorder(from: Layout, to: Layout): Primitive<"from" | "to">;
  /** As `reorder`, element by element, without the library. */
  moveElements(from: Layout, to: Layout): Primitive<"from" | "to">;
  /** Whether the library's reorders of weights are right where it pads channels. */
  readonly reorderPadsWeights: boolean;
  /** With `adds`, what `dst` holds before is added. */
  convolutionForward(
    s: ConvolutionShapes,
    slope: number,
    ceiling: number,
    adds: boolean,
  ): Primitive<"src" | "weights" | "dst" | "bias">;
  /** Of bytes; `type` and `algorithm` of the shapes do not count. */
  bytesConvolution(s: ConvolutionShapes, out: BytesWayOut): BytesProducts;
  /** Of bytes: weights are (outputs, …the other dims of src). */
  bytesInnerProduct(src: Dims, outputs: number, hasBias: boolean, out: BytesWayOut): BytesProducts;
  /** Whether products of bytes have their bias added before they are multiplied by the factors, or behind. */
  readonly addsBiasFirst: boolean;
  convolutionBackwardData(s: ConvolutionShapes): Primitive<"diffDst" | "weights" | "diffSrc">;
  convolutionBackwardWeights(
    s: ConvolutionShapes,
  ): Primitive<"src" | "diffDst" | "diffWeights" | "diffBias">;
  /** Floats in a vector of the instructions that the addon was built for: 8 or 16. */
  readonly lanes: number;
  /**
   * Winograd's algorithm for windows of 3×3 or 5×5 that move by one, by tiles of 2×2 or 4×4 outputs, on blocks of so many
   * channels: in each direction what `convolution…` gives.
   */
  winogradForward(
    s: ConvolutionShapes,
    tile: number,
    lanes: number,
    slope: number,
    ceiling: number,
    adds: boolean,
    arePrepared?: boolean,
  ): WinogradPrimitive<"src" | "weights" | "dst" | "bias">;
  /** Transforms weights, for a `winogradForward` of those that are prepared. */
  winogradWeights(s: ConvolutionShapes, tile: number, lanes: number): Primitive<"from" | "to">;
  winogradBackwardData(
    s: ConvolutionShapes,
    tile: number,
    lanes: number,
  ): WinogradPrimitive<"diffDst" | "weights" | "diffSrc">;
  winogradBackwardWeights(
    s: ConvolutionShapes,
    tile: number,
    lanes: number,
  ): WinogradPrimitive<"src" | "diffDst" | "diffWeights" | "diffBias">;
  /** Direct loops of ours on blocks of so many channels: each by a window of its own, or sums over all there are. */
  directForward(
    s: ConvolutionShapes,
    lanes: number,
    slope: number,
    ceiling: number,
    adds: boolean,
  ): Primitive<"src" | "weights" | "dst" | "bias">;
  poolingForward(w: PoolingWindow, src: Layout): Primitive<"src" | "dst" | "workspace">;
  poolingBackward(w: PoolingWindow, forward: Primitive): Primitive<"diffDst" | "diffSrc">;
  copy(n: number, x: Buffer, y: Buffer): void;
  axpby(n: number, alpha: number, x: Buffer, beta: number, y: Buffer): void;
  /** The greatest |x|; infinity where one is NaN. */
  greatest(n: number, x: Buffer): number;
  asum(n: number, x: Buffer): number;
  sumOfSquares(n: number, x: Buffer): number;
  /** Names of the rules that `update` knows. */
  readonly updates: readonly string[];
  /** Whether w is finite afterwards. */
  update(
    rule: string,
    n: number,
    step: {
      readonly rate: number;
      readonly gradientScale: number;
      readonly decay: number;
      readonly isL1: boolean;
      readonly isDecoupled: boolean;
    },
    params: Readonly<Record<string, number>>,
    w: Buffer,
    g: Buffer,
    ...history: readonly Buffer[]
  ): boolean;
  gemm(
    transA: boolean,
    transB: boolean,
    m: number,
    n: number,
    k: number,
    alpha: number,
    a: Buffer,
    lda: number,
    b: Buffer,
    ldb: number,
    beta: number,
    c: Buffer,
  ): void;
  /** An inner product of dense rows, with weights (outputs × features) in a layout of the library's. */
  innerProductForward(...args: InnerProductArgs): Primitive<"src" | "weights" | "dst" | "bias">;
  /** y = a·wᵀ, or y += a·wᵀ, of dense rows: a is m×k and w n×k. */
  rowProducts(
    m: number,
    n: number,
    k: number,
    a: Buffer,
    w: Buffer,
    adds: boolean,
    y: Buffer,
  ): void;
  fillRows(m: number, n: number, b: Buffer, y: Buffer): void;
  addRows(m: number, n: number, y: Buffer, b: Buffer): void;
  /** Which elementwise function has that name; −1 for none. */
  unaryIndex(name: string): number;
  unaryForward(index: number, ...pnxy: UnaryArgs<[x: Buffer, y: Buffer]>): void;
  unaryBackward(
    index: number,
    ...pnxy: UnaryArgs<[x: Buffer, y: Buffer, dy: Buffer, dx: Buffer]>
  ): void;
  batchNormForward(
    ...args: [
      ...ViewArgs,
      eps: number,
      isGiven: boolean,
      slope: number,
      ceiling: number,
      x: Buffer,
      mean: Buffer,
      variance: Buffer,
      gamma: Buffer | undefined,
      beta: Buffer | undefined,
      y: Buffer,
    ]
  ): void;
  batchNormBackward(
    ...args: [
      ...ViewArgs,
      eps: number,
      isGiven: boolean,
      slope: number,
      ceiling: number,
      x: Buffer,
      mean: Buffer,
      variance: Buffer,
      gamma: Buffer | undefined,
      beta: Buffer | undefined,
      dy: Buffer,
      dx: Buffer | undefined,
      dGamma: Buffer | undefined,
      dBeta: Buffer | undefined,
      meanGradient: Buffer | undefined,
      meanAlong: Buffer | undefined,
    ]
  ): void;
  batchStatistics(...args: [...ViewArgs, x: Buffer, mean: Buffer, variance: Buffer]): void;
  /** Zeros again where channels fill their last block up. */
  clearPadding(...args: [...ViewArgs, x: Buffer]): void;
  scaleForward(
    ...args: [
      ...ViewArgs,
      slope: number,
      x: Buffer,
      scale: Buffer | undefined,
      bias: Buffer | undefined,
      y: Buffer,
    ]
  ): void;
  scaleSums(
    ...args: [
      ...ViewArgs,
      x: Buffer | undefined,
      dy: Buffer,
      dScale: Buffer | undefined,
      dBias: Buffer | undefined,
    ]
  ): void;
  preluForward(...args: [...ViewArgs, x: Buffer, slope: Buffer, y: Buffer]): void;
  preluBackward(...args: [...ViewArgs, x: Buffer, slope: Buffer, dy: Buffer, dx: Buffer]): void;
  preluSums(...args: [...ViewArgs, x: Buffer, dy: Buffer, dSlope: Buffer]): void;
  dropout(
    ...args: [
      ...ViewArgs,
      ratio: number,
      stream: number,
      pass: number,
      slope: number,
      x: Buffer,
      y: Buffer,
    ]
  ): void;
  uniform(
    n: number,
    low: number,
    high: number,
    stream: number,
    pass: number,
    values: Float32Array,
  ): void;
  gaussian(
    n: number,
    mean: number,
    std: number,
    stream: number,
    pass: number,
    values: Float32Array,
  ): void;
  sum(n: number, coeffs: readonly number[], xs: Buffers, slope: number, y: Buffer): void;
  sumGradient(
    n: number,
    coeff: number,
    slope: number,
    y: Buffer | undefined,
    dy: Buffer,
    dx: Buffer,
  ): void;
  product(n: number, xs: Buffers, y: Buffer): void;
  productGradient(
    n: number,
    k: number,
    isStable: boolean,
    xs: Buffers,
    y: Buffer,
    dy: Buffer,
    dx: Buffer,
  ): void;
  maximum(n: number, xs: Buffers, y: Buffer, winner: Buffer): void;
  maximumGradient(n: number, k: number, winner: Buffer, dy: Buffer, dx: Buffer): void;
  /** kind: 0 Σ x, 1 Σ |x|, 2 Σ x². */
  reduce(kind: number, outer: number, inner: number, coeff: number, x: Buffer, y: Buffer): void;
  reduceBackward(
    kind: number,
    outer: number,
    inner: number,
    coeff: number,
    x: Buffer,
    dy: Buffer,
    dx: Buffer,
  ): void;
  mvnForward(
    rows: number,
    size: number,
    dividesBySigma: boolean,
    eps: number,
    x: Buffer,
    y: Buffer,
    scales: Buffer,
  ): void;
  mvnBackward(
    rows: number,
    size: number,
    dividesBySigma: boolean,
    y: Buffer,
    dy: Buffer,
    scales: Buffer,
    dx: Buffer,
  ): void;
  /** `norms` has one for each image and position. */
  unitLengthForward(
    ...args: [...ViewArgs, eps: number, isGiven: boolean, x: Buffer, norms: Buffer, y: Buffer]
  ): void;
  unitLengthBackward(
    ...args: [...ViewArgs, x: Buffer, norms: Buffer, dy: Buffer, dx: Buffer]
  ): void;
  lstmForward(
    batch: number,
    hidden: number,
    before: Buffer,
    gates: Buffer,
    cont: Buffer,
    c: Buffer,
    h: Buffer,
    values: Buffer,
  ): void;
  lstmBackward(
    batch: number,
    hidden: number,
    before: Buffer,
    cont: Buffer,
    c: Buffer,
    values: Buffer,
    dc: Buffer,
    dh: Buffer,
    dBefore: Buffer,
    dGates: Buffer,
  ): void;
  join(outer: number, sizes: readonly number[], xs: Buffers, y: Buffer): void;
  cut(outer: number, sizes: readonly number[], y: Buffer, xs: Buffers): void;
  crop(shape: Dims, offset: Dims, size: Dims, isBackward: boolean, from: Buffer, to: Buffer): void;
  permute(shape: Dims, order: Dims, x: Buffer, y: Buffer): void;
  tile(outer: number, tiles: number, inner: number, x: Buffer, y: Buffer): void;
  tileBackward(outer: number, tiles: number, inner: number, dy: Buffer, dx: Buffer): void;
  gather(rows: number, picks: number, size: number, x: Buffer, index: Buffer, y: Buffer): void;
  scatterAdd(
    rows: number,
    picks: number,
    size: number,
    dy: Buffer,
    index: Buffer,
    dx: Buffer,
  ): void;
  gatherPlanes(...args: [...ViewArgs, x: Buffer, index: Buffer, y: Buffer]): void;
  scatterPlanes(...args: [...ViewArgs, dy: Buffer, index: Buffer, dx: Buffer]): void;
}
