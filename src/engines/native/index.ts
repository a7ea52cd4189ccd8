import { countOf } from "../../util/shape.ts";
import type { Engine, PartialEngine } from "../engine.ts";
import type { Addon } from "./addon.ts";
import { nativeBatchNorm } from "./batch-norm.ts";
import { nativeBias, nativePReLU, nativeScale } from "./broadcast.ts";
import { nativeConcat } from "./concat.ts";
import { nativeConvolution } from "./convolution.ts";
import { nativeCrop, nativeGather, nativeIm2col, nativeTile } from "./copies.ts";
import { nativeDropout } from "./dropout.ts";
import { nativeEltwise } from "./eltwise.ts";
import { nativeInnerProduct } from "./inner-product.ts";
import {
  nativeContrastiveLoss,
  nativeInfogainLoss,
  nativeMultinomialLoss,
} from "./label-losses.ts";
import { nativeHingeLoss, nativeSigmoidLoss, nativeSoftmax, nativeSoftmaxLoss } from "./losses.ts";
import { nativeLRN } from "./lrn.ts";
import { nativeNoise } from "./noise.ts";
import { Places } from "./places.ts";
import { nativePooling } from "./pooling.ts";
import { nativeLSTMUnit, nativeMVN, nativeReduction } from "./rows.ts";
import { nativeAccuracy, nativeArgMax } from "./scores.ts";
import type { Tuner } from "./tuner.ts";
import { nativeUnary } from "./unary.ts";
import { nativeUpdate } from "./update.ts";
import { nativeVectors } from "./vectors.ts";

/**
 * oneDNN and fused loops behind the primitive interface.
 *
 * Results stay in oneDNN's layout between layers. A shape that has no native form is given to `fallback`; a
 * primitive that is missing here altogether makes its layer run on the next engine.
 */
export function nativeEngine(addon: Addon, fallback: Engine, tuner: Tuner): PartialEngine {
  const places = new Places(addon);
  const isEmpty = (shape: readonly number[]): boolean => countOf(shape) === 0;
  return {
    name: "native",
    work: places,
    unary: (kernel, params, shape) =>
      nativeUnary(places, kernel, params, shape) ?? fallback.unary(kernel, params, shape),
    convolution: (d) =>
      d.input.length >= 1 &&
      d.input.length <= 3 &&
      !isEmpty([d.batch, d.inputChannels, ...d.output])
        ? nativeConvolution(places, tuner, d)
        : fallback.convolution(d),
    im2col: (d) => nativeIm2col(places, d),
    pooling: (d) => nativePooling(places, d),
    lrn: (d) => nativeLRN(places, d),
    innerProduct: (d) =>
      isEmpty(d.input) ? fallback.innerProduct(d) : nativeInnerProduct(places, tuner, d),
    eltwise: (d) => nativeEltwise(places, d),
    reduction: (d) => nativeReduction(places, d),
    dropout: (d) => nativeDropout(places, d),
    lstmUnit: (d) => nativeLSTMUnit(places, d),
    softmax: (d) => nativeSoftmax(places, d),
    batchNorm: (d) => nativeBatchNorm(places, d),
    mvn: (d) => nativeMVN(places, d),
    scale: (d) => nativeScale(places, d),
    bias: (d) => nativeBias(places, d),
    prelu: (d) => nativePReLU(places, d),
    concat: (d) => nativeConcat(places, d),
    crop: (d) => nativeCrop(places, d),
    tile: (d) => nativeTile(places, d),
    gather: (d) => nativeGather(places, d),
    softmaxLoss: (d) => nativeSoftmaxLoss(places, d),
    sigmoidLoss: (d) => nativeSigmoidLoss(places, d),
    hingeLoss: (d) => nativeHingeLoss(places, d),
    multinomialLoss: (d) => nativeMultinomialLoss(places, d),
    infogainLoss: (d) => nativeInfogainLoss(places, d),
    contrastiveLoss: (d) => nativeContrastiveLoss(places, d),
    accuracy: (d) => nativeAccuracy(places, d),
    argMax: (d) => nativeArgMax(places, d),
    noise: nativeNoise(addon, fallback.noise),
    update: nativeUpdate(places, fallback),
    ...nativeVectors(places),
  };
}
