import { Blob } from "../../blob/blob.ts";
import type { PoolingDescriptor, PoolingOp, Primitive, ScaleOp } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import {
  type SpatialField,
  spatialLengths,
  writtenLengths,
} from "../../io/proto/spatial-fields.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { stepsTaken } from "../base/convolution-geometry.ts";
import { type CoordMapOf, windowMap } from "../base/coord-map.ts";
import {
  arity,
  Layer,
  type LayerRole,
  type LayerState,
  type One,
  type OneOrMore,
  type ParamField,
} from "../base/layer.ts";
import type { LayerFusion } from "../base/layer-fusion.ts";
import { refusesOtherForms } from "../base/layer-state.ts";
import { PassKey } from "../base/pass-key.ts";
import { planesOf } from "../base/planes.ts";

type Pair = readonly [number, number];

/**
 * The maximum or mean of each window of a plane.
 *
 *     MAX  y(p) = max x over the window                  the first of equal values takes the gradient
 *     AVE  y(p) = Σ x over the window / its size         padding counts as zeros, what lies beyond it not at all
 *     AVE_EXC_PAD, AVE_TF  as AVE, but padding does not count in the size: forks' names
 *     STOCHASTIC  TRAIN: one x of the window, drawn with probability x / Σ x; TEST: Σ x² / Σ x; no padding
 *
 * - bottom[0]: N×C×H×W
 * - top[0]: N×C×H'×W', H' = ⌈(H + 2·pad − k) / stride⌉ + 1 (⌊⌋ with round_mode: FLOOR); with padding, a last
 *   window that would begin beyond the image is dropped
 * - top[1], optional, MAX only: index h·W + w of each maximum within its plane
 * - `pooling_param`: pool MAX, kernel_size (required unless global_pooling), stride 1, pad 0
 *
 * @see Caffe's PoolingLayer
 */
export class PoolingLayer extends Layer<One, OneOrMore> {
  static override readonly type: string = "Pooling";
  static override readonly paramFields: readonly ParamField[] = ["pooling_param"];
  static override readonly needs: readonly Primitive[] = ["pooling", "scale"];
  static override readonly tops = arity.oneOrTwo;
  static override readonly role: LayerRole = "window";
  static override readonly coordMap: CoordMapOf = ({ pooling_param: param }) =>
    param?.global_pooling ? undefined : windowMap("pooling_param", param);

  override readonly fusion: LayerFusion = {
    absorbRectifier: (isThere) => {
      this.#isRectified =
        isThere && this.#op.absorbsRectifier === true && this.param.top?.length === 1;
      return this.#isRectified;
    },
  };

  #shape: Shape | undefined;
  #output: Pair = [0, 0];
  #op!: PoolingOp;
  /** Where padding does not count: a window's size with it over that without, for every place of a plane. */
  #unpadded: { readonly shares: Blob; readonly op: ScaleOp; readonly dy: Blob } | undefined;
  #isRectified = false;
  readonly #key: PassKey = new PassKey(this.random("pooling"));

  override setUp([x]: One, top: OneOrMore): void {
    const param = withDefaults("PoolingParameter", this.param.pooling_param);
    if (param.pool !== "MAX" && top.length > 1) {
      this.fail(
        `two tops with pool: ${param.pool}. Expected one; the second is the index of a maximum.`,
      );
    }
    this.#describe(x.shape);
  }

  override reshape([x]: One, [y, mask]: OneOrMore): void {
    if (!this.#shape || !sameShape(this.#shape, x.shape)) {
      const descriptor = this.#describe(x.shape);
      this.#op = this.engine.pooling(descriptor);
      this.#unpadded = this.#excludesPadding(descriptor) ? this.#sharesOf(descriptor) : undefined;
      this.#output = descriptor.output;
      this.#shape = x.shape;
    }
    const shape = [...x.shape.slice(0, 2), ...this.#output];
    y.reshape(shape);
    mask?.reshape(shape);
  }

  override forward([x]: One, [y, mask]: OneOrMore): void {
    const draws = this.#isStochastic && this.phase === "TRAIN";
    this.#op.forward(x.dataMem, y.dataMem, {
      mask: mask?.dataMem,
      key: draws ? this.#key.advance() : undefined,
      isRectified: this.#isRectified,
    });
    if (this.#unpadded) {
      const { op, shares } = this.#unpadded;
      op.forward(y.dataMem, shares.dataMem, undefined, y.dataMem);
    }
  }

  override backward([y]: OneOrMore, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    if (this.#unpadded) {
      const { op, shares, dy } = this.#unpadded;
      op.backwardData(y.diffMem, shares.dataMem, dy.diffMem);
      this.#op.backward(x.dataMem, dy.diffMem, x.diffMem);
    } else this.#op.backward(x.dataMem, y.diffMem, x.diffMem);
  }

  override readsTopDiff(topIndex: number): boolean {
    return topIndex === 0;
  }

  override state(): LayerState | undefined {
    return this.#isStochastic ? this.#key.state() : undefined;
  }

  override refuses(state: LayerState): string | undefined {
    return refusesOtherForms(this.state(), state);
  }

  override restore(state: LayerState): undefined {
    this.#key.restore(state);
  }

  get #isStochastic(): boolean {
    return this.param.pooling_param?.pool === "STOCHASTIC";
  }

  #describe(shape: Shape): PoolingDescriptor {
    const [n, c, h, w] = planesOf({ shape }, (message) => this.fail(message));
    const { kernel, stride, pad } = this.#window([h, w]);
    if (kernel[0] < 1 || kernel[1] < 1) {
      this.fail(`bottom has shape ${shapeText(shape)}. Expected images of one pixel or more.`);
    }
    if (this.#isStochastic && (pad[0] || pad[1])) {
      this.fail("pad with pool: STOCHASTIC. Padding implemented only for average and max pooling.");
    }
    const { round_mode, pool } = withDefaults("PoolingParameter", this.param.pooling_param);
    const round = round_mode === "FLOOR" ? Math.floor : Math.ceil;
    const output = ([h, w] as const).map((length, i) => {
      let size = round((length + 2 * pad[i]! - kernel[i]!) / stride[i]!) + 1;
      if ((pad[0] || pad[1]) && (size - 1) * stride[i]! >= length + pad[i]!) size--;
      if (size < 1) {
        this.fail(
          `a window of ${kernel[i]} does not fit bottom shape ${shapeText(shape)}. Expected a smaller kernel_size.`,
        );
      }
      return size;
    });
    return {
      method: pool === "AVE_EXC_PAD" || pool === "AVE_TF" ? "AVE" : pool,
      batch: n,
      channels: c,
      input: [h, w],
      output: output as [number, number],
      kernel,
      stride: stepsTaken(stride, [h, w], pad) as Pair,
      pad,
    };
  }

  #excludesPadding({ pad }: PoolingDescriptor): boolean {
    const pool = this.param.pooling_param?.pool;
    return (pool === "AVE_EXC_PAD" || pool === "AVE_TF") && (pad[0] > 0 || pad[1] > 0);
  }

  #sharesOf(descriptor: PoolingDescriptor): { shares: Blob; op: ScaleOp; dy: Blob } {
    const { batch, channels, output } = descriptor;
    const shape = [batch, channels, ...output];
    const shares = new Blob(output, this.context.dtype);
    const [rows, columns] = [sharesAlong(descriptor, 0), sharesAlong(descriptor, 1)];
    shares.dataMem.overwriteCpu().set(rows.flatMap((row) => columns.map((column) => row * column)));
    const length = output[0] * output[1];
    const op = this.engine.scale({ shape, outer: batch * channels, length, inner: 1 });
    return { shares, op, dy: new Blob(shape, this.context.dtype) };
  }

  #window(input: Pair): { kernel: Pair; stride: Pair; pad: Pair } {
    const param = this.param.pooling_param ?? {};
    const fail = (message: string): never => this.fail(message);
    const read = (field: SpatialField): Pair => {
      const [h = 0, w = 0] = spatialLengths(field, param, {
        name: "pooling_param",
        count: 2,
        fail,
      });
      return [h, w];
    };
    const [stride, pad] = [read("stride"), read("pad")];
    if (param.global_pooling) {
      if (writtenLengths("kernel", param).length > 0) {
        this.fail(
          "With Global_pooling: true Filter size cannot specified. Expected no kernel_size.",
        );
      }
      if (pad[0] || pad[1] || stride[0] !== 1 || stride[1] !== 1) {
        this.fail(
          "With Global_pooling: true; only pad = 0 and stride = 1. Expected neither written.",
        );
      }
      return { kernel: input, stride, pad };
    }
    const kernel = read("kernel");
    kernel.forEach((size, i) => {
      if (pad[i]! >= size)
        this.fail(`pooling_param.pad is ${pad[i]}. Expected less than the kernel, ${size}.`);
    });
    return { kernel, stride, pad };
  }
}

/** Along one axis, how much of each window counts with padding, over how much of it lies within the image. */
function sharesAlong(
  { input, output, kernel, stride, pad }: PoolingDescriptor,
  axis: 0 | 1,
): number[] {
  return Array.from({ length: output[axis] }, (_, i) => {
    const start = i * stride[axis] - pad[axis];
    const end = Math.min(start + kernel[axis], input[axis] + pad[axis]);
    return (end - start) / (Math.min(end, input[axis]) - Math.max(start, 0));
  });
}
