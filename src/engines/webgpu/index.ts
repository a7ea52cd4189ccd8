import { EngineError } from "../../util/errors.ts";
import type { Engine, PartialEngine } from "../engine.ts";
import { webgpuBatchNorm, webgpuMVN } from "./batch-norm.ts";
import { webgpuBias, webgpuPReLU, webgpuScale } from "./broadcast.ts";
import { webgpuContrastiveLoss } from "./contrastive-loss.ts";
import { webgpuConvolution } from "./convolution.ts";
import { webgpuConcat, webgpuCrop, webgpuGather, webgpuPermute, webgpuTile } from "./copies.ts";
import { webgpuDropout } from "./dropout.ts";
import { elementwise, webgpuEltwise } from "./eltwise.ts";
import type { Gpu } from "./gpu.ts";
import { webgpuIm2col } from "./im2col.ts";
import { webgpuInnerProduct } from "./inner-product.ts";
import { webgpuInfogainLoss, webgpuMultinomialLoss } from "./label-losses.ts";
import { webgpuHingeLoss, webgpuSigmoidLoss } from "./losses.ts";
import { webgpuLRN } from "./lrn.ts";
import { webgpuLSTMUnit } from "./lstm-unit.ts";
import { webgpuPooling } from "./pooling.ts";
import { webgpuReduction } from "./reduction.ts";
import { webgpuRegions } from "./regions.ts";
import { type Precision, Scope } from "./scope.ts";
import { webgpuAccuracy, webgpuArgMax } from "./scores.ts";
import { webgpuSoftmax, webgpuSoftmaxLoss } from "./softmax.ts";
import { webgpuUnary } from "./unary.ts";
import { webgpuUnitLength } from "./unit-length.ts";
import { webgpuUnpooling } from "./unpooling.ts";
import { webgpuUpdate } from "./update.ts";

/**
 * The primitives as WGSL kernels on a device.
 *
 * Arrays stay on the device between layers, work is queued, and nothing here waits. What gives back a number or
 * computes in a layer's own file is not here: such a layer runs on another engine.
 *
 * @param precision by default products are as the GPU was opened, and arrays are of floats
 */
export function webgpuEngine(
  gpu: Gpu,
  layer = "",
  precision: Precision = { isHalf: gpu.isHalf, keepsHalves: false },
): PartialEngine {
  const scope = new Scope(gpu, layer, precision);
  return {
    name: "webgpu",
    device: gpu,
    hasHalves: precision.isHalf,
    forLayer: (name) => webgpuEngine(gpu, name, precision) as Engine,
    f16(keepsHalves) {
      if (gpu.features.has("shader-f16")) {
        return webgpuEngine(gpu, layer, { isHalf: true, keepsHalves });
      }
      throw new EngineError(
        `precision f16: this GPU (${gpu.name}) has no half precision (shader-f16). Expected one that caffe device_query says has; or precision f32.`,
      );
    },
    unary: (kernel, params, shape) => webgpuUnary(scope, kernel, params, shape),
    convolution: (d) => webgpuConvolution(scope, d),
    im2col: (d) => webgpuIm2col(scope, d),
    pooling: (d) => webgpuPooling(scope, d),
    unpooling: (d) => webgpuUnpooling(scope, d),
    lrn: (d) => webgpuLRN(scope, d),
    innerProduct: (d) => webgpuInnerProduct(scope, d),
    eltwise: (d) => webgpuEltwise(scope, d),
    reduction: (d) => webgpuReduction(scope, d),
    dropout: (d) => webgpuDropout(scope, d),
    lstmUnit: (d) => webgpuLSTMUnit(scope, d),
    softmax: (d) => webgpuSoftmax(scope, d),
    batchNorm: (d) => webgpuBatchNorm(scope, d),
    mvn: (d) => webgpuMVN(scope, d),
    unitLength: (d) => webgpuUnitLength(scope, d),
    scale: (d) => webgpuScale(scope, d),
    bias: (d) => webgpuBias(scope, d),
    prelu: (d) => webgpuPReLU(scope, d),
    concat: (d) => webgpuConcat(scope, d),
    crop: (d) => webgpuCrop(scope, d),
    permute: (d) => webgpuPermute(scope, d),
    regions: (d) => webgpuRegions(scope, d),
    tile: (d) => webgpuTile(scope, d),
    gather: (d) => webgpuGather(scope, d),
    softmaxLoss: (d) => webgpuSoftmaxLoss(scope, d),
    sigmoidLoss: (d) => webgpuSigmoidLoss(scope, d),
    hingeLoss: (d) => webgpuHingeLoss(scope, d),
    multinomialLoss: (d) => webgpuMultinomialLoss(scope, d),
    infogainLoss: (d) => webgpuInfogainLoss(scope, d),
    contrastiveLoss: (d) => webgpuContrastiveLoss(scope, d),
    accuracy: (d) => webgpuAccuracy(scope, d),
    argMax: (d) => webgpuArgMax(scope, d),

    copy(count, x, y) {
      if (x !== y) scope.copy(count, x, y);
    },
    axpby(count, alpha, x, beta, y) {
      const source = scope.read(x);
      if (beta === 0) elementwise(scope, "scaled", count, [source, scope.pass(y)], [alpha, 0, 0]);
      else elementwise(scope, "axpby", count, [source, scope.update(y)], [alpha, beta, 0]);
    },
    update: (kernel, count, step, params, w, g, history) =>
      webgpuUpdate(scope, kernel, count, step, params, w, g, history),
  };
}
