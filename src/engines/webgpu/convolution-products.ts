import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type { ConvolutionDescriptor } from "../engine.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import { MatrixProduct } from "./matrix-product.ts";
import { phasesOf } from "./phases.ts";
import type { Scope } from "./scope.ts";
import {
  convolutionData,
  convolutionForward,
  convolutionGather,
  convolutionWeights,
  places,
} from "./shaders.ts";
import type { WayOut } from "./slices.ts";
import { tableOf } from "./table.ts";
import type { WindowGeometry } from "./window-geometry.ts";

/** The three computations of a convolution, apart from its bias. */
export interface ConvolutionKernels {
  /** `told` hears how many milliseconds it took, where that is measured. */
  forward(x: SyncedMem, w: SyncedMem, y: SyncedMem, out: WayOut, told?: (ms: number) => void): void;
  backwardData(dy: SyncedMem, w: SyncedMem, dx: SyncedMem, told?: (ms: number) => void): void;
  /** dw is added to. */
  backwardWeights(x: SyncedMem, dy: SyncedMem, dw: SyncedMem, told?: (ms: number) => void): void;
}

/** Code that all three have in front of their own. */
const GATHER = places + convolutionGather;

/**
 * Convolution as three matrix products whose operands are gathered where they lie: no columns are written, and no tables say where,
 * but over more than three axes.
 */
export function products(
  scope: Scope,
  g: WindowGeometry,
  given: ConvolutionDescriptor,
): ConvolutionKernels {
  const { batch, groups } = given;
  const [inC, outC] = [given.inputChannels / groups, given.outputChannels / groups];
  const [inSize, outSize, kernelSize] = [countOf(g.input), countOf(g.output), countOf(g.kernel)];
  const phases = phasesOf(g);
  const phaseTable = tableOf(scope, () => phases.rows(batch, outC));
  const isStrided = g.stride.some((step) => step !== 1);
  // The window of an output is the one input at its place.
  const isPointwise = kernelSize === 1 && !g.isPadded && !isStrided && !g.isListed;
  const flags = (rowsOfA: number, planeOfB: number, isPadded: boolean) => ({
    IS_WIDE_A: Number(rowsOfA % 4 === 0),
    IS_WIDE_B: Number(isPointwise && planeOfB % 4 === 0),
    IS_PADDED: Number(isPadded),
    IS_LISTED: Number(g.isListed),
  });
  const ofInputs = [...g.input, inSize, given.inputChannels * inSize, inC * inSize];
  const ofOutputs = [...g.output, outSize, given.outputChannels * outSize, outC * outSize];
  const overOutputs = {
    operands: "rrrrrr",
    aAlongK: true,
    params: [
      ...[...ofInputs, ...g.output, outSize, ...g.pad, ...g.kernel, ...g.stride, ...g.dilation],
      ...[1, 1, 1, outC],
    ],
  };
  const forward = new MatrixProduct(
    scope,
    { m: outC, n: batch * outSize, k: inC * kernelSize, groups },
    {
      ...overOutputs,
      name: "convolution",
      code: GATHER + convolutionForward,
      bAlongK: false,
      constants: flags(inC * kernelSize, outSize, g.isPadded),
    },
    { channels: given.outputChannels, inner: outSize },
  );
  const data = new MatrixProduct(
    scope,
    {
      m: inC,
      n: batch * phases.inputs,
      k: outC * phases.taps,
      groups,
      phases: phases.count,
      count: batch * given.inputChannels * inSize,
    },
    {
      name: "convolution, gradient of data",
      code: GATHER + convolutionData,
      operands: "rrrrrr",
      aAlongK: kernelSize !== 1,
      bAlongK: false,
      // Windows may have inputs at their edge alone, and those beyond the last window have none.
      constants: flags(kernelSize === 1 ? inC : 1, inSize, !isPointwise),
      params: [
        ...[...ofOutputs, ...g.input, inSize, ...g.pad, ...g.kernel, ...g.stride],
        ...[...phases.outputStep, ...phases.tapStep, outC],
      ],
    },
  );
  const weights = new MatrixProduct(
    scope,
    { m: outC, n: inC * kernelSize, k: batch * outSize, groups },
    {
      ...overOutputs,
      name: "convolution, gradient of weights",
      code: GATHER + convolutionWeights,
      bAlongK: isPointwise,
      constants: flags(outSize, outSize, g.isPadded),
    },
  );
  const { nothing } = scope.gpu;
  /** A and what is gathered for B, each as elements and in fours. */
  const operands = (a: SyncedMem, b: SyncedMem): GpuBuffer[] => {
    const [left, right] = [scope.read(a), scope.read(b)];
    return [left, left, right, right];
  };
  return {
    forward(x, w, y, out, told) {
      const buffers = [...operands(w, x), g.inputOffsets(), nothing];
      forward.run(buffers, scope.pass(y), out, told);
    },
    backwardData(dy, w, dx, told) {
      const buffers = [...operands(w, dy), g.outputOffsets(), phaseTable()];
      data.run(buffers, scope.pass(dx), {}, told);
    },
    backwardWeights(x, dy, dw, told) {
      const buffers = [...operands(dy, x), g.inputOffsets(), nothing];
      const { buffer, adds } = scope.addTo(dw);
      weights.run(buffers, buffer, { adds }, told);
    },
  };
}
