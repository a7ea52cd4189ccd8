/** A oneDNN memory layout: dims, and where each element lies. */
export interface Layout {
  /** Equal for equal layouts. */
  readonly key: string;
  readonly dims: readonly number[];
  /** Elements, and elements with padding. */
  readonly count: number;
  readonly stored: number;
  /** Row-major without padding. */
  readonly isPlain: boolean;
}

/** Aligned memory of a layout, zero at first. */
export interface StoreMemory {
  zero(): void;
}

/** What native code reads and writes: a store, or a plain array. */
export type Buffer = StoreMemory | Float32Array;

/** A oneDNN primitive: its layouts by argument, and how to run it with one buffer for each, in order. */
export interface Primitive<Names extends string = string> {
  readonly layouts: Readonly<Record<Names, Layout>>;
  readonly implementation: string;
  run(...buffers: readonly Buffer[]): void;
}

type Dims = readonly number[];

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

/** Parameters of a response normalisation across channels. */
export interface LRNWindow {
  readonly localSize: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}

/** What native/src exports. Lengths come first, arrays in the order of the formula; see loops.cc. */
export interface Addon {
  readonly version: string;
  setThreads(count: number): void;
  readonly Layout: new (dims: Dims) => Layout;
  readonly Store: new (layout: Layout) => StoreMemory;
  reorder(from: Layout, to: Layout): Primitive<"from" | "to">;
  convolutionForward(
    s: ConvolutionShapes,
    reluSlope?: number,
  ): Primitive<"src" | "weights" | "dst" | "bias">;
  convolutionBackwardData(s: ConvolutionShapes): Primitive<"diffDst" | "weights" | "diffSrc">;
  convolutionBackwardWeights(
    s: ConvolutionShapes,
  ): Primitive<"src" | "diffDst" | "diffWeights" | "diffBias">;
  poolingForward(w: PoolingWindow, src: Layout): Primitive<"src" | "dst" | "workspace">;
  poolingBackward(w: PoolingWindow, forward: Primitive): Primitive<"diffDst" | "diffSrc">;
  lrnForward(w: LRNWindow, src: Layout): Primitive<"src" | "dst" | "workspace">;
  lrnBackward(w: LRNWindow, src: Layout): Primitive<"src" | "diffDst" | "diffSrc">;
  eltwiseForward(algorithm: string, layout: Layout): Primitive<"src" | "dst">;
  eltwiseBackward(algorithm: string, layout: Layout): Primitive<"dst" | "diffDst" | "diffSrc">;
  copy(n: number, x: Buffer, y: Buffer): void;
  axpby(n: number, alpha: number, x: Buffer, beta: number, y: Buffer): void;
  asum(n: number, x: Buffer): number;
  sumOfSquares(n: number, x: Buffer): number;
  /** Names of the rules that `update` knows. */
  readonly updates: readonly string[];
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
  ): void;
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
  fillRows(m: number, n: number, b: Buffer, y: Buffer): void;
  addRows(m: number, n: number, y: Buffer, b: Buffer): void;
  reluForward(n: number, slope: number, x: Buffer, y: Buffer): void;
  reluBackward(n: number, slope: number, y: Buffer, dy: Buffer, dx: Buffer): void;
  softmax(outer: number, channels: number, inner: number, x: Buffer, y: Buffer): void;
  softmaxBackward(
    outer: number,
    channels: number,
    inner: number,
    y: Buffer,
    dy: Buffer,
    dx: Buffer,
  ): void;
  labelLoss(
    outer: number,
    channels: number,
    inner: number,
    ignored: number,
    prob: Buffer,
    label: Buffer,
  ): number;
  labelGradient(
    outer: number,
    channels: number,
    inner: number,
    ignored: number,
    scale: number,
    prob: Buffer,
    label: Buffer,
    dx: Buffer,
  ): void;
}
