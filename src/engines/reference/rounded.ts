import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { bf16, roundToBf16 } from "../../util/bf16.ts";
import { roundToHalf } from "../../util/half.ts";
import type { Engine, LinearOp, PassedOn } from "../engine.ts";

type Primitives = Pick<Engine, PassedOn>;
type Some = SyncedMem | undefined;

/** How an engine that keeps arrays as 16 bits rounds them. */
interface Rounding {
  /** An array as it is read. */
  readonly rounded: (mem: SyncedMem) => SyncedMem;
  /** An array that has been written. */
  readonly round: (mem: Some) => void;
}

/** As the native engine does: it converts to bfloat16 whatever it reads. */
export const bfloats: Rounding = { rounded: roundedCopy, round: roundedBy(roundToBf16) };

/** As the webgpu engine does: kernels read floats and halves as they lie. */
export const halves: Rounding = { rounded: (mem) => mem, round: roundedBy(roundToHalf) };

/**
 * The primitives with arrays rounded as an engine that keeps them as 16 bits rounds them: what goes from layer to layer when it
 * is written, and when it is read. Sums, parameters and their gradients are not.
 */
export function roundedPrimitives(exact: Primitives, { rounded, round }: Rounding): Primitives {
  const linear = (op: LinearOp): LinearOp => ({
    accepts: (posts) => op.accepts(posts),
    forward(x, w, b, y, posts) {
      op.forward(rounded(x), rounded(w), b, y, posts);
      round(y);
    },
    backwardData(dy, w, dx) {
      op.backwardData(rounded(dy), rounded(w), dx);
      round(dx);
    },
    backwardWeights: (x, dy, dw, db) => op.backwardWeights(rounded(x), rounded(dy), dw, db),
  });
  return {
    convolution: (d) => linear(exact.convolution(d)),
    innerProduct: (d) => linear(exact.innerProduct(d)),
    unary(kernel, params, shape) {
      const op = exact.unary(kernel, params, shape);
      return {
        forward(x, y) {
          op.forward(rounded(x), y);
          round(y);
        },
        backward(x, y, dy, dx) {
          const from = rounded(x);
          // In place only y is there.
          op.backward(from, x === y ? from : rounded(y), rounded(dy), dx);
          round(dx);
        },
      };
    },
    pooling(d) {
      const op = exact.pooling(d);
      return {
        absorbsRectifier: op.absorbsRectifier === true,
        forward(x, y, extra) {
          op.forward(rounded(x), y, extra);
          round(y);
        },
        backward(x, dy, dx) {
          op.backward(rounded(x), rounded(dy), dx);
          round(dx);
        },
      };
    },
    lrn(d) {
      const op = exact.lrn(d);
      return {
        forward(x, y) {
          op.forward(rounded(x), y);
          round(y);
        },
        backward(x, y, dy, dx) {
          op.backward(rounded(x), rounded(y), rounded(dy), dx);
          round(dx);
        },
      };
    },
    eltwise(d) {
      const op = exact.eltwise(d);
      return {
        forward(xs, y, posts) {
          op.forward(xs.map(rounded), y, posts);
          round(y);
        },
        backward(xs, y, dy, dxs, posts) {
          op.backward(xs.map(rounded), rounded(y), rounded(dy), dxs, posts);
          dxs.forEach(round);
        },
      };
    },
    dropout(d) {
      const op = exact.dropout(d);
      return {
        forward(x, y, key) {
          op.forward(rounded(x), y, key);
          round(y);
        },
        backward(dy, dx, key) {
          op.backward(rounded(dy), dx, key);
          round(dx);
        },
      };
    },
    batchNorm(d) {
      const op = exact.batchNorm(d);
      return {
        forward(x, mean, variance, y) {
          op.forward(rounded(x), mean, variance, y);
          round(y);
        },
        backward(mean, variance, dy, dx) {
          op.backward(mean, variance, rounded(dy), dx);
          round(dx);
        },
      };
    },
    scale(d) {
      const op = exact.scale(d);
      return {
        forward(x, scale, bias, y) {
          op.forward(rounded(x), scale, bias, y);
          round(y);
        },
        backwardData(dy, scale, dx) {
          op.backwardData(rounded(dy), scale, dx);
          round(dx);
        },
        backwardParams: (x, dy, dScale, dBias) =>
          op.backwardParams(rounded(x), rounded(dy), dScale, dBias),
      };
    },
    bias(d) {
      const op = exact.bias(d);
      return {
        forward(x, bias, y) {
          op.forward(rounded(x), bias, y);
          round(y);
        },
        backwardBias: (dy, dBias) => op.backwardBias(rounded(dy), dBias),
      };
    },
    prelu(d) {
      const op = exact.prelu(d);
      return {
        forward(x, slope, y) {
          op.forward(rounded(x), slope, y);
          round(y);
        },
        backwardData(x, slope, dy, dx) {
          op.backwardData(rounded(x), slope, rounded(dy), dx);
          round(dx);
        },
        backwardSlope: (x, dy, dSlope) => op.backwardSlope(rounded(x), rounded(dy), dSlope),
      };
    },
    concat(d) {
      const op = exact.concat(d);
      return {
        forward(xs, y) {
          op.forward(xs.map(rounded), y);
          round(y);
        },
        backward(dy, dxs) {
          op.backward(rounded(dy), dxs);
          dxs.forEach(round);
        },
      };
    },
  };
}

function roundedBy(round: (array: FloatArray) => void): (mem: Some) => void {
  return (mem) => {
    if (mem && !mem.isZero) round(mem.mutableCpu());
  };
}

/** The array itself where it is rounded, else a copy that is. */
function roundedCopy(mem: SyncedMem): SyncedMem {
  const values = mem.cpu();
  if (values.every((x) => Object.is(bf16(x), x))) return mem;
  const copy = new SyncedMem(mem.count, mem.dtype);
  copy.overwriteCpu().set(values.subarray(0, mem.count));
  roundToBf16(copy.mutableCpu());
  return copy;
}
