import { countOf } from "../../util/shape.ts";
import type { Engine, PartialEngine } from "../engine.ts";
import type { Arrays } from "./arrays.ts";
import { wasmBatchNorm } from "./batch-norm.ts";
import { wasmBias, wasmScale } from "./broadcast.ts";
import { wasmConcat } from "./concat.ts";
import { wasmConvolution } from "./convolution.ts";
import { wasmDropout } from "./dropout.ts";
import { wasmEltwise } from "./eltwise.ts";
import { wasmInnerProduct } from "./inner-product.ts";
import { wasmLRN } from "./lrn.ts";
import { wasmPooling } from "./pooling.ts";
import { wasmSoftmax, wasmSoftmaxLoss } from "./softmax.ts";
import { wasmUnary } from "./unary.ts";
import { wasmUpdate } from "./update.ts";
import { wasmVectors } from "./vectors.ts";

/**
 * Loops in WebAssembly, four elements at a time, behind the primitive interface: what runs fast wherever JavaScript does.
 *
 * Arrays stay in the module's memory between layers. A shape that has no form here is given to `fallback`; a primitive
 * that is missing here altogether makes its layer run on the next engine.
 */
export function wasmEngine(arrays: Arrays, fallback: Engine): PartialEngine {
  return {
    name: "wasm",
    work: arrays,
    unary: (kernel, params, shape) =>
      wasmUnary(arrays, kernel, params, shape) ?? fallback.unary(kernel, params, shape),
    convolution: (d) =>
      d.batch * d.inputChannels * d.outputChannels * countOf(d.input) * countOf(d.output) > 0
        ? wasmConvolution(arrays, d)
        : fallback.convolution(d),
    innerProduct: (d) => wasmInnerProduct(arrays, d),
    pooling: (d) => wasmPooling(arrays, d) ?? fallback.pooling(d),
    lrn: (d) => wasmLRN(arrays, d) ?? fallback.lrn(d),
    eltwise: (d) => wasmEltwise(arrays, d),
    dropout: (d) => wasmDropout(arrays, d),
    softmax: (d) => wasmSoftmax(arrays, d),
    batchNorm: (d) => wasmBatchNorm(arrays, d),
    scale: (d) => wasmScale(arrays, d),
    bias: (d) => wasmBias(arrays, d),
    concat: (d) => wasmConcat(arrays, d),
    softmaxLoss: (d) => wasmSoftmaxLoss(arrays, d),
    // One layer has both losses; this one is rare.
    infogainLoss: fallback.infogainLoss,
    noise: fallback.noise,
    suppress: fallback.suppress,
    suppressClasses: fallback.suppressClasses,
    update: wasmUpdate(arrays, fallback),
    ...wasmVectors(arrays),
  };
}
