import { EngineError } from "../../util/errors.ts";
import { countOf } from "../../util/shape.ts";
import type { Engine, PartialEngine, PassedOn } from "../engine.ts";
import type { BytesPlan } from "../ops/bytes.ts";
import type { Addon } from "./addon.ts";
import { nativeBatchNorm } from "./batch-norm.ts";
import { nativeBias, nativePReLU, nativeScale } from "./broadcast.ts";
import { bytesPrimitives } from "./bytes.ts";
import { nativeConcat } from "./concat.ts";
import { nativeConvolution } from "./convolution.ts";
import { nativeCrop, nativeGather, nativeIm2col, nativePermute, nativeTile } from "./copies.ts";
import { nativeDropout } from "./dropout.ts";
import { nativeEltwise } from "./eltwise.ts";
import { nativeInnerProduct } from "./inner-product.ts";
import { bf16InnerProduct } from "./inner-product-bf16.ts";
import {
  nativeContrastiveLoss,
  nativeInfogainLoss,
  nativeMultinomialLoss,
} from "./label-losses.ts";
import { Layouts } from "./layouts.ts";
import { nativeHingeLoss, nativeSigmoidLoss, nativeSoftmax, nativeSoftmaxLoss } from "./losses.ts";
import { nativeLRN } from "./lrn.ts";
import { nativeNoise } from "./noise.ts";
import { nativePooling } from "./pooling.ts";
import { nativeRegions } from "./regions.ts";
import { nativeLSTMUnit, nativeMVN, nativeReduction } from "./rows.ts";
import { nativeAccuracy, nativeArgMax } from "./scores.ts";
import { stridedConvolution, suitsSquares } from "./strided-convolution.ts";
import { nativeSuppress, nativeSuppressClasses } from "./suppression.ts";
import type { Tuner } from "./tuner.ts";
import { nativeUnary } from "./unary.ts";
import { nativeUnitLength } from "./unit-length.ts";
import { nativeUnpooling } from "./unpooling.ts";
import { nativeUpdate } from "./update.ts";
import { nativeVectors } from "./vectors.ts";

/**
 * oneDNN and fused loops behind the primitive interface.
 *
 * Results stay in oneDNN's layout between layers. A shape that has no native form is given to `fallback`; a
 * primitive that is missing here altogether makes its layer run on the next engine.
 */
export function nativeEngine(addon: Addon, fallback: Engine, tuner: Tuner): PartialEngine {
  const layouts = new Layouts(addon);
  const engine: PartialEngine = {
    name: "native",
    work: layouts,
    record: (least) => layouts.record(least),
    ...passedOn(layouts, tuner, fallback),
    im2col: (d) => nativeIm2col(layouts, d),
    unpooling: (d) => nativeUnpooling(layouts, d),
    regions: (d) => nativeRegions(layouts, d),
    reduction: (d) => nativeReduction(layouts, d),
    lstmUnit: (d) => nativeLSTMUnit(layouts, d),
    softmax: (d) => nativeSoftmax(layouts, d),
    mvn: (d) => nativeMVN(layouts, d),
    unitLength: (d) => nativeUnitLength(layouts, d),
    crop: (d) => nativeCrop(layouts, d),
    permute: (d) => nativePermute(layouts, d),
    tile: (d) => nativeTile(layouts, d),
    gather: (d) => nativeGather(layouts, d),
    softmaxLoss: (d) => nativeSoftmaxLoss(layouts, d),
    sigmoidLoss: (d) => nativeSigmoidLoss(layouts, d),
    hingeLoss: (d) => nativeHingeLoss(layouts, d),
    multinomialLoss: (d) => nativeMultinomialLoss(layouts, d),
    infogainLoss: (d) => nativeInfogainLoss(layouts, d),
    contrastiveLoss: (d) => nativeContrastiveLoss(layouts, d),
    accuracy: (d) => nativeAccuracy(layouts, d),
    argMax: (d) => nativeArgMax(layouts, d),
    noise: nativeNoise(addon, fallback.noise),
    suppress: nativeSuppress(addon, fallback.suppress),
    suppressClasses: nativeSuppressClasses(addon),
    update: nativeUpdate(layouts, fallback),
    ...nativeVectors(layouts),
  };
  let rounded: PartialEngine | undefined;
  const bf16 = (): PartialEngine => {
    if (!addon.multipliesBf16) {
      throw new EngineError(
        "precision bf16: this processor has no instructions for bfloat16 (AVX512_BF16), and without them it would be slower than f32. Expected such a processor; or --engine reference, which rounds the same way.",
      );
    }
    const alike = fallback.bf16?.() as Engine;
    rounded ??= { ...engine, ...passedOn(new Layouts(addon, layouts), tuner, alike) };
    return rounded;
  };
  const bytes = (plan: BytesPlan): PartialEngine => {
    if (!addon.multipliesBytes) {
      throw new EngineError(
        "this processor has no instructions that multiply bytes with exact sums (VNNI), without which there is little to gain.",
      );
    }
    return { ...engine, ...bytesPrimitives(layouts, passedOn(layouts, tuner, fallback), plan) };
  };
  return { ...engine, bf16, bytes };
}

/** Primitives whose results go from layer to layer: of floats, or with the layouts for it of bfloat16. */
function passedOn(layouts: Layouts, tuner: Tuner, fallback: Engine): Pick<Engine, PassedOn> {
  const isEmpty = (shape: readonly number[]): boolean => countOf(shape) === 0;
  return {
    unary: (kernel, params, shape) =>
      nativeUnary(layouts, kernel, params, shape) ?? fallback.unary(kernel, params, shape),
    convolution: (d) =>
      d.input.length >= 1 &&
      d.input.length <= 3 &&
      !isEmpty([d.batch, d.inputChannels, ...d.output])
        ? (suitsSquares(d, layouts.addon) ? stridedConvolution : nativeConvolution)(
            layouts,
            tuner,
            d,
          )
        : fallback.convolution(d),
    pooling: (d) => nativePooling(layouts, d),
    lrn: (d) => nativeLRN(layouts, d),
    innerProduct(d) {
      if (isEmpty(d.input)) return fallback.innerProduct(d);
      const isRounded = layouts.type === "bf16";
      return isRounded ? bf16InnerProduct(layouts, d) : nativeInnerProduct(layouts, tuner, d);
    },
    eltwise: (d) => nativeEltwise(layouts, d),
    dropout: (d) => nativeDropout(layouts, d),
    batchNorm: (d) => nativeBatchNorm(layouts, d),
    scale: (d) => nativeScale(layouts, d),
    bias: (d) => nativeBias(layouts, d),
    prelu: (d) => nativePReLU(layouts, d),
    concat: (d) => nativeConcat(layouts, d),
  };
}
