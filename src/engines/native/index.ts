import { countOf } from "../../util/shape.ts";
import type { Engine, PartialEngine, PoolingOp } from "../engine.ts";
import type { Addon } from "./addon.ts";
import { nativeConvolution } from "./convolution.ts";
import { nativeEltwise } from "./eltwise.ts";
import { nativeInnerProduct } from "./inner-product.ts";
import { nativeLRN } from "./lrn.ts";
import { Places } from "./places.ts";
import { nativePooling } from "./pooling.ts";
import { nativeSoftmax, nativeSoftmaxLoss } from "./softmax.ts";
import { nativeUnary } from "./unary.ts";
import { nativeUpdate } from "./update.ts";
import { nativeVectors } from "./vectors.ts";

/**
 * oneDNN and fused loops behind the primitive interface.
 *
 * Results stay in oneDNN's layout between layers. A shape that has no native form is given to `fallback`; a
 * primitive that is missing here altogether makes its layer run on the next engine.
 */
export function nativeEngine(addon: Addon, fallback: Engine): PartialEngine {
  const places = new Places(addon);
  return {
    name: "native",
    unary: (kernel, params, shape) =>
      nativeUnary(places, kernel, params, shape) ?? fallback.unary(kernel, params, shape),
    convolution: (d) =>
      d.input.length === 2 && countOf(d.output) > 0 && d.batch > 0
        ? nativeConvolution(places, d)
        : fallback.convolution(d),
    innerProduct: (d) =>
      countOf(d.input) > 0 ? nativeInnerProduct(places, d) : fallback.innerProduct(d),
    pooling: (d) => {
      const native = nativePooling(places, d);
      if (!native) return fallback.pooling(d);
      let reference: PoolingOp | undefined;
      let last = native;
      return {
        forward(x, y, extra) {
          // The index of each maximum is something oneDNN does not tell.
          if (extra?.mask) reference ??= fallback.pooling(d);
          last = extra?.mask && reference ? reference : native;
          last.forward(x, y, extra);
        },
        backward(x, dy, dx) {
          last.backward(x, dy, dx);
        },
      };
    },
    lrn: (d) => (d.region === "ACROSS_CHANNELS" ? nativeLRN(places, d) : fallback.lrn(d)),
    softmax: (d) => nativeSoftmax(places, d),
    softmaxLoss: (d) => nativeSoftmaxLoss(places, d),
    eltwise: (d) => nativeEltwise(places, d) ?? fallback.eltwise(d),
    concat: (d) => fallback.concat(d),
    update: nativeUpdate(places, fallback),
    ...nativeVectors(places),
  };
}
