/** The address of an array's first byte in the module's memory; 0 stands for none where an argument may be missing. */
export type Address = number;

/** Planes, and the windows over each: rows and columns of input, output, kernel, stride and pad. */
export type WindowArgs = readonly [
  planes: number,
  inH: number,
  inW: number,
  outH: number,
  outW: number,
  kernelH: number,
  kernelW: number,
  strideH: number,
  strideW: number,
  padH: number,
  padW: number,
];

/** An array seen as (outer, channels, inner). */
type ChannelArgs = readonly [outer: number, channels: number, inner: number];

/** What wasm exports, compiled. Sizes come first, arrays in the order of the formula; see wasm. */
export interface Kernels {
  heapBase(): Address;

  // product.ts
  productScratch(m: number, k: number): number;
  product(
    isTransposed: boolean,
    m: number,
    n: number,
    k: number,
    a: Address,
    lda: number,
    b: Address,
    ldb: number,
    c: Address,
    ldc: number,
    adds: boolean,
    scratch: Address,
  ): void;
  rowProducts(
    m: number,
    n: number,
    k: number,
    x: Address,
    ldx: number,
    w: Address,
    ldw: number,
    y: Address,
    ldy: number,
    adds: boolean,
  ): void;
  packRows(a: Address, lda: number, m: number, depth: number, to: Address): void;
  packTransposed(a: Address, lda: number, m: number, depth: number, to: Address): void;
  packColumns(b: Address, ldb: number, depth: number, width: number, to: Address): void;
  multiplyPanels(
    m: number,
    n: number,
    depth: number,
    a: Address,
    b: Address,
    c: Address,
    ldc: number,
    adds: boolean,
  ): void;

  // columns.ts
  padRows(rows: number, length: number, x: Address, starts: Address, padded: Address): void;
  cutRows(rows: number, length: number, padded: Address, starts: Address, x: Address): void;
  unfoldPanels(
    image: Address,
    places: Address,
    width: number,
    elements: Address,
    depth: number,
    to: Address,
  ): void;
  unfoldRows(
    image: Address,
    places: Address,
    width: number,
    elements: Address,
    rows: number,
    to: Address,
  ): void;
  foldRows(
    from: Address,
    places: Address,
    width: number,
    elements: Address,
    rows: number,
    image: Address,
  ): void;

  // elementwise.ts
  rectify(n: number, slope: number, x: Address, y: Address): void;
  rectifyBackward(n: number, slope: number, x: Address, dy: Address, dx: Address): void;
  scaled(n: number, alpha: number, x: Address, y: Address): void;
  axpby(n: number, alpha: number, x: Address, beta: number, y: Address): void;
  multiplied(n: number, x: Address, y: Address, z: Address): void;
  quotientGradient(n: number, x: Address, y: Address, dy: Address, dx: Address): void;
  maximum(n: number, k: number, isSecond: boolean, x: Address, y: Address, winner: Address): void;
  maximumGradient(n: number, k: number, winner: Address, dy: Address, dx: Address): void;
  dropout(
    n: number,
    threshold: number,
    scale: number,
    stream: number,
    pass: number,
    x: Address,
    y: Address,
  ): void;
  copyBlocks(
    blocks: number,
    size: number,
    from: Address,
    fromStep: number,
    to: Address,
    toStep: number,
  ): void;

  // sums.ts
  absoluteSum(n: number, x: Address): number;
  dot(n: number, x: Address, y: Address): number;
  addSums(n: number, sums: Address, y: Address): void;

  // channels.ts
  lines(...args: [...ChannelArgs, x: Address, scale: Address, bias: Address, y: Address]): void;
  fillChannels(...args: [...ChannelArgs, values: Address, y: Address]): void;
  channelSums(...args: [...ChannelArgs, x: Address, sums: Address]): void;
  channelDots(...args: [...ChannelArgs, x: Address, y: Address, sums: Address]): void;
  channelSpreads(...args: [...ChannelArgs, x: Address, means: Address, sums: Address]): void;
  normalise(
    ...args: [...ChannelArgs, x: Address, means: Address, factors: Address, y: Address]
  ): void;
  normaliseBackward(
    ...args: [
      ...ChannelArgs,
      y: Address,
      dy: Address,
      means: Address,
      alongs: Address,
      factors: Address,
      dx: Address,
    ]
  ): void;
  softmax(...args: [...ChannelArgs, x: Address, y: Address]): void;
  softmaxBackward(...args: [...ChannelArgs, y: Address, dy: Address, dx: Address]): void;

  // losses.ts
  labelLoss(...args: [...ChannelArgs, ignored: number, prob: Address, label: Address]): number;
  labelGradient(
    ...args: [
      ...ChannelArgs,
      ignored: number,
      scale: number,
      prob: Address,
      label: Address,
      dx: Address,
    ]
  ): void;

  // pooling.ts
  maxPool(...args: [...WindowArgs, x: Address, y: Address, index: Address]): void;
  maxPoolBackward(
    planes: number,
    inSize: number,
    outSize: number,
    dy: Address,
    index: Address,
    dx: Address,
  ): void;
  toFloats(n: number, numbers: Address, y: Address): void;
  meanPool(isBackward: boolean, ...args: [...WindowArgs, x: Address, y: Address]): void;

  // lrn.ts
  lrnScale(
    images: number,
    channels: number,
    inner: number,
    half: number,
    k: number,
    share: number,
    x: Address,
    squares: Address,
    scale: Address,
  ): void;
  lrnForward(n: number, beta: number, x: Address, scale: Address, y: Address): void;
  lrnBackward(
    images: number,
    channels: number,
    inner: number,
    half: number,
    beta: number,
    factor: number,
    x: Address,
    y: Address,
    scale: Address,
    dy: Address,
    ratios: Address,
    sums: Address,
    dx: Address,
  ): void;

  // updates.ts
  /** 1 where every element of w is finite now, else 0. */
  update(
    rule: number,
    n: number,
    rate: number,
    scale: number,
    coupled: number,
    decoupled: number,
    isL1: boolean,
    p: number,
    q: number,
    delta: number,
    w: Address,
    g: Address,
    a: Address,
    b: Address,
  ): number;

  // winograd.ts
  winogradData(
    tile: number,
    isGradient: boolean,
    first: number,
    count: number,
    rows: number,
    groups: number,
    channels: number,
    height: number,
    width: number,
    padH: number,
    padW: number,
    x: Address,
    image: number,
    to: Address,
    point: number,
    next: number,
    pair: number,
  ): void;
  winogradWeights(
    side: number,
    rows: number,
    depth: number,
    row: number,
    along: number,
    isTurned: boolean,
    w: Address,
    to: Address,
    point: number,
  ): void;
  winogradOutputs(
    tile: number,
    first: number,
    count: number,
    rows: number,
    groups: number,
    outputs: number,
    height: number,
    width: number,
    sums: Address,
    point: number,
    bias: Address,
    y: Address,
    image: number,
  ): void;

  // winograd-gradients.ts
  winogradInputs(
    first: number,
    count: number,
    rows: number,
    groups: number,
    channels: number,
    height: number,
    width: number,
    padH: number,
    padW: number,
    sums: Address,
    point: number,
    x: Address,
    image: number,
  ): void;
  winogradWindows(
    side: number,
    n: number,
    sums: Address,
    point: number,
    adds: boolean,
    dw: Address,
  ): void;
}
