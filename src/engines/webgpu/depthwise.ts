import { countOf } from "../../util/shape.ts";
import type { ConvolutionDescriptor } from "../engine.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import type { ConvolutionKernels } from "./convolution-products.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { depthwise as code, finish } from "./shaders.ts";
import { addUp } from "./slices.ts";
import { IDENTITY, numbersOf, unaryFunctions } from "./unary-functions.ts";
import type { WindowGeometry } from "./window-geometry.ts";

/** Invocations that a large GPU wants before it is busy. */
const BUSY = 65536;
/** The least of images and positions that an invocation of its own is worth. */
const LEAST_SLICE = 64;

/**
 * Convolution of groups of one channel each. There is nothing that a product's tile would share, so each element is made
 * by itself; the gradient of the weights in slices, as many as keep a GPU busy.
 */
export function depthwise(
  scope: Scope,
  g: WindowGeometry,
  { batch, groups, outputChannels, dilation }: ConvolutionDescriptor,
): ConvolutionKernels {
  const [inSize, outSize, kernelSize] = [countOf(g.input), countOf(g.output), countOf(g.kernel)];
  const weights = outputChannels * kernelSize;
  const extent = batch * outSize;
  const sliceLength = Math.max(LEAST_SLICE, Math.ceil(extent / Math.ceil(BUSY / weights)));
  const slices = Math.ceil(extent / sliceLength);
  const constants: Record<string, number> = {};
  for (const axis of [0, 1, 2] as const) {
    constants[`KERNEL_${axis}`] = g.kernel[axis];
    constants[`STRIDE_${axis}`] = g.stride[axis];
    constants[`DILATION_${axis}`] = dilation[axis - 3 + dilation.length] ?? 1;
  }
  const sizes = [outputChannels, outputChannels / groups, inSize, outSize, kernelSize];
  const rest = [...sizes, extent, sliceLength, ...g.input, ...g.output, ...g.pad];
  const run = (
    entry: "forward" | "backwardData" | "backwardWeights",
    buffers: readonly GpuBuffer[],
    count: number,
    { kind = 0, numbers = numbersOf(), f = IDENTITY }: Partial<Ending> = {},
  ): void => {
    const kernel = scope.kernel({
      name: `depthwise convolution, ${entry}`,
      code: code + finish + f,
      entry,
      arrays: ARRAYS[entry],
      constants,
    });
    const params = uniforms(numbers, [count, kind, ...rest]);
    kernel.run(buffers, params, groupsFor(count), entry === "backwardWeights" ? slices : 1);
  };
  return {
    forward(x, w, y, { finish: last, post }) {
      const buffers = [scope.read(x), scope.read(w), last?.buffer ?? scope.gpu.nothing];
      run("forward", [...buffers, scope.pass(y)], batch * outputChannels * outSize, {
        kind: last?.kind ?? 0,
        ...(post && {
          numbers: numbersOf(post.params),
          f: unaryFunctions(scope, post.kernel, post.params),
        }),
      });
    },
    backwardData(dy, w, dx) {
      const buffers = [scope.read(dy), scope.read(w), scope.pass(dx)];
      run("backwardData", buffers, batch * groups * inSize);
    },
    backwardWeights(x, dy, dw) {
      const operands = [scope.read(x), scope.read(dy)];
      const { buffer, adds } = scope.addTo(dw);
      const parts = scope.workspace(slices * weights);
      run("backwardWeights", [...operands, parts], weights);
      const sliced = { count: weights, slices, channels: 1, inner: 1 };
      addUp(scope, sliced, parts, buffer, { adds });
    },
  };
}

/** The arrays of each entry of depthwise.wgsl. */
const ARRAYS = { forward: "rr.rw", backwardData: "rr..w", backwardWeights: "r.r.w" } as const;

/** What comes behind the sum of a forward pass. */
interface Ending {
  readonly kind: 0 | 1 | 2;
  readonly numbers: readonly number[];
  readonly f: string;
}
