import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type { ConvolutionDescriptor } from "../engine.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import { MatrixProduct, type ProductKernel, STEP_K } from "./matrix-product.ts";
import type { Scope } from "./scope.ts";
import { convolutionData, convolutionForward, convolutionWeights } from "./shaders.ts";
import type { WayOut } from "./slices.ts";
import { tableOf } from "./table.ts";
import type { Three, WindowGeometry } from "./window-geometry.ts";

/** The three computations of a convolution, apart from its bias. */
export interface ConvolutionKernels {
  forward(x: SyncedMem, w: SyncedMem, y: SyncedMem, out: WayOut): void;
  backwardData(dy: SyncedMem, w: SyncedMem, dx: SyncedMem): void;
  /** dw is added to. */
  backwardWeights(x: SyncedMem, dy: SyncedMem, dw: SyncedMem): void;
}

/**
 * Convolution as three matrix products whose operands are gathered where they lie: no columns are written. Two tables
 * say where: for each tap its offset and position, for each output position the corner of its window. Over more than three
 * axes the offsets are in a list instead.
 */
export function products(
  scope: Scope,
  d: WindowGeometry,
  given: ConvolutionDescriptor,
): ConvolutionKernels {
  const { batch, groups } = given;
  const [inC, outC] = [given.inputChannels / groups, given.outputChannels / groups];
  const [inSize, outSize, kernelSize] = [countOf(d.input), countOf(d.output), countOf(d.kernel)];
  const taps = tapTable(scope, inC, (c) =>
    d.taps.map(([offset, ...at]) => [c * inSize + offset, ...at]),
  );
  const isStrided = d.stride.some((step) => step !== 1);
  const inOutput = ([a, b, c]: Three): number => (a * d.output[1] + b) * d.output[2] + c;
  const tapsOfOutputs = tapTable(scope, outC, (o) =>
    d.taps.map(([, ...at]) => [o * outSize - (isStrided || d.isListed ? 0 : inOutput(at)), ...at]),
  );
  const tapsOfW = tableOf(scope, () =>
    perChannel(outC, (o) => d.taps.map((_, t) => [o * inC * kernelSize + t])),
  );
  const corners = tableOf(scope, () => d.corners);

  const gather = {
    operands: "rrrrrr",
    aAlongK: true,
    bAlongK: false,
    constants: { IS_PADDED: Number(d.isPadded), IS_LISTED: Number(d.isListed) },
    params: [given.inputChannels * inSize, inC * inSize, outSize, ...d.input],
  };
  const forward = new MatrixProduct(
    scope,
    { m: outC, n: batch * outSize, k: inC * kernelSize, groups },
    { name: "convolution", code: convolutionForward, ...wide(gather, inC * kernelSize) },
    { channels: given.outputChannels, inner: outSize },
  );
  const data = new MatrixProduct(
    scope,
    { m: inC, n: batch * inSize, k: outC * kernelSize, groups },
    {
      name: "convolution, gradient of data",
      code: convolutionData,
      operands: "rrrrr",
      aAlongK: true,
      bAlongK: false,
      constants: {
        STRIDE_0: d.stride[0],
        STRIDE_1: d.stride[1],
        STRIDE_2: d.stride[2],
        IS_STRIDED: Number(isStrided),
        IS_LISTED: Number(d.isListed),
      },
      params: [inSize, outSize, outC, kernelSize, d.input[1], d.input[2], ...d.output, ...d.pad],
    },
  );
  const weights = new MatrixProduct(
    scope,
    { m: outC, n: inC * kernelSize, k: batch * outSize, groups },
    {
      name: "convolution, gradient of weights",
      code: convolutionWeights,
      ...wide(gather, outSize),
    },
  );
  return {
    forward(x, w, y, out) {
      const weights = scope.read(w);
      const operands = [weights, weights, scope.read(x), taps(), corners(), d.inputOffsets()];
      forward.run(operands, scope.write(y), out);
    },
    backwardData(dy, w, dx) {
      const operands = [
        scope.read(w),
        scope.read(dy),
        tapsOfOutputs(),
        tapsOfW(),
        d.outputOffsets(),
      ];
      data.run(operands, scope.write(dx));
    },
    backwardWeights(x, dy, dw) {
      const gradient = scope.read(dy);
      const operands = [gradient, gradient, scope.read(x), taps(), corners(), d.inputOffsets()];
      const { buffer, adds } = scope.addTo(dw);
      weights.run(operands, buffer, { adds });
    },
  };
}

/** The same kernel, that reads A in fours where its rows are of that length. */
function wide<K extends Pick<ProductKernel, "constants">>(kernel: K, length: number): K {
  return { ...kernel, constants: { ...kernel.constants, IS_WIDE_A: Number(length % 4 === 0) } };
}

/** The taps of every channel, and behind them the first again, up to a whole step of the product along K. */
function tapTable(
  scope: Scope,
  channels: number,
  rows: (channel: number) => readonly (readonly number[])[],
): () => GpuBuffer {
  return tableOf(scope, () => {
    const taps = perChannel(channels, rows);
    const missing = (STEP_K - (taps.length % STEP_K)) % STEP_K;
    return [...taps, ...Array.from({ length: missing }, () => taps[0] ?? [])];
  });
}

function perChannel(
  channels: number,
  rows: (channel: number) => readonly (readonly number[])[],
): readonly (readonly number[])[] {
  return Array.from({ length: channels }, (_, channel) => rows(channel)).flat();
}
