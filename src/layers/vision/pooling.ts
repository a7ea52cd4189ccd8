import { Blob } from "../../blob/blob.ts";
import type { PoolingDescriptor, PoolingOp, Primitive, ScaleOp } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import {
  type Padding,
  type SpatialField,
  spatialLengths,
  spatialPadding,
  writtenLengths,
} from "../../io/proto/spatial-fields.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import type { ByteRoleOf } from "../base/byte-role.ts";
import { samePadding, stepsTaken } from "../base/convolution-geometry.ts";
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

/** How a window goes over an image, all sizes resolved. */
interface PoolingWindow {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  /** The padding is what SAME makes it. */
  readonly isSame: boolean;
}

/** A factor for every place of a plane, and where the gradient behind it lies. */
interface Shares {
  readonly shares: Blob;
  readonly op: ScaleOp;
  readonly dy: Blob;
}

/** What an engine is told, and what it is not: the padding behind the image. */
interface Described {
  readonly descriptor: PoolingDescriptor;
  readonly behind: Pair;
}

/**
 * The maximum or mean of each window of a plane.
 *
 *     MAX  y(p) = max x over the window                  the first of equal values takes the gradient
 *     AVE  y(p) = Σ x over the window / its size         padding counts as zeros, what lies beyond it not at all
 *     AVE_EXC_PAD, AVE_TF  as AVE, but padding does not count in the size, as with `avg_include_pad: false`: forks' names
 *     STOCHASTIC  TRAIN: one x of the window, drawn with probability x / Σ x; TEST: Σ x² / Σ x; no padding
 *
 * - bottom[0]: N×C×H×W
 * - top[0]: N×C×H'×W', H' = ⌈(H + 2·pad − k) / stride⌉ + 1 (⌊⌋ with round_mode: FLOOR); with padding, a last
 *   window that would begin beyond the image is dropped; ⌈H / stride⌉ with pad_type: 1
 * - top[1], optional, MAX only: index h·W + w of each maximum within its plane
 * - `pooling_param`: pool MAX, kernel_size (required unless global_pooling), stride 1, pad 0; of forks pad_t, pad_l, pad_b and
 *   pad_r, each end by itself, and pad_type: 1, TensorFlow's SAME
 *
 * @see Caffe's PoolingLayer
 */
export class PoolingLayer extends Layer<One, OneOrMore> {
  static override readonly type: string = "Pooling";
  static override readonly isSteady: boolean = true;
  static override readonly paramFields: readonly ParamField[] = ["pooling_param"];
  static override readonly needs: readonly Primitive[] = ["pooling", "scale"];
  static override readonly mayBe16Bits: boolean = true;
  static override readonly byteRole: ByteRoleOf = ({ pooling_param, top }) =>
    pooling_param?.pool === "STOCHASTIC" || top?.length !== 1 ? undefined : "kept";
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
  /** Where an average divides by something else than an engine does: its size there over that here, for every place of a plane. */
  #shares: Shares | undefined;
  #isRectified = false;
  readonly #key: PassKey = new PassKey(this.random("pooling"), this.rank);

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
      const described = this.#describe(x.shape);
      this.#op = this.engine.pooling(described.descriptor);
      this.#shares = this.#sharesOf(described);
      this.#output = described.descriptor.output;
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
    if (this.#shares) {
      const { op, shares } = this.#shares;
      op.forward(y.dataMem, shares.dataMem, undefined, y.dataMem);
    }
  }

  override backward([y]: OneOrMore, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    if (this.#shares) {
      const { op, shares, dy } = this.#shares;
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

  #describe(shape: Shape): Described {
    const [n, c, h, w] = planesOf({ shape }, (message) => this.fail(message));
    const { kernel, stride, padding, isSame } = this.#window([h, w]);
    const { before, behind } = padding;
    const isPadded = isAdded(padding);
    if (kernel[0] < 1 || kernel[1] < 1) {
      this.fail(`bottom has shape ${shapeText(shape)}. Expected images of one pixel or more.`);
    }
    if (this.#isStochastic && isPadded) {
      this.fail("pad with pool: STOCHASTIC. Padding implemented only for average and max pooling.");
    }
    const { round_mode, pool } = withDefaults("PoolingParameter", this.param.pooling_param);
    const round = round_mode === "FLOOR" || isSame ? Math.floor : Math.ceil;
    const output = ([h, w] as const).map((length, i) => {
      const [padded, step] = [length + before[i]! + behind[i]!, stride[i]!];
      let size = round((padded - kernel[i]!) / step) + 1;
      if (isPadded && (size - 1) * step >= length + before[i]!) size--;
      if (size < 1) {
        this.fail(
          `a window of ${kernel[i]} does not fit bottom shape ${shapeText(shape)}. Expected a smaller kernel_size.`,
        );
      }
      return size;
    });
    const descriptor: PoolingDescriptor = {
      method: pool === "AVE_EXC_PAD" || pool === "AVE_TF" ? "AVE" : pool,
      batch: n,
      channels: c,
      input: [h, w],
      output: output as [number, number],
      kernel,
      stride: stepsTaken(stride, [h, w], padding) as Pair,
      pad: before as Pair,
    };
    return { descriptor, behind: behind as Pair };
  }

  #sharesOf({ descriptor, behind }: Described): Shares | undefined {
    const { batch, channels, output, method } = descriptor;
    if (method !== "AVE") return undefined;
    const counted = this.#countsPadding ? behind : undefined;
    const [rows, columns] = [
      sharesAlong(descriptor, counted, 0),
      sharesAlong(descriptor, counted, 1),
    ];
    if ([...rows, ...columns].every((share) => share === 1)) return undefined;
    const shape = [batch, channels, ...output];
    const shares = new Blob(output, this.context.dtype);
    shares.dataMem.overwriteCpu().set(rows.flatMap((row) => columns.map((column) => row * column)));
    const length = output[0] * output[1];
    const op = this.engine.scale({ shape, outer: batch * channels, length, inner: 1 });
    return { shares, op, dy: new Blob(shape, this.context.dtype) };
  }

  get #countsPadding(): boolean {
    const { pool, avg_include_pad } = this.param.pooling_param ?? {};
    return pool === "AVE" && avg_include_pad !== false;
  }

  #window(input: Pair): PoolingWindow {
    const param = this.param.pooling_param ?? {};
    const fail = (message: string): never => this.fail(message);
    const axes = { name: "pooling_param", count: 2, fail };
    const read = (field: SpatialField): Pair => {
      const [h = 0, w = 0] = spatialLengths(field, param, axes);
      return [h, w];
    };
    const stride = read("stride");
    const written = spatialPadding(param, axes);
    const isSame = written === "same";
    if (param.global_pooling) {
      if (writtenLengths("kernel", param).length > 0) {
        this.fail(
          "With Global_pooling: true Filter size cannot specified. Expected no kernel_size.",
        );
      }
      if (isSame || isAdded(written) || stride[0] !== 1 || stride[1] !== 1) {
        this.fail(
          "With Global_pooling: true; only pad = 0 and stride = 1. Expected neither written.",
        );
      }
      return { kernel: input, stride, padding: written, isSame };
    }
    const kernel = read("kernel");
    const padding = isSame ? samePadding(input, kernel, stride) : written;
    kernel.forEach((size, i) => {
      const pad = Math.max(padding.before[i]!, padding.behind[i]!);
      if (pad >= size)
        this.fail(`pooling_param.pad is ${pad}. Expected less than the kernel, ${size}.`);
    });
    return { kernel, stride, padding, isSame };
  }
}

function isAdded({ before, behind }: Padding): boolean {
  return [...before, ...behind].some((pad) => pad > 0);
}

/**
 * Along one axis, what an engine divides by for each window over what is to be divided by.
 *
 * @param counted how much of the padding behind the image counts; undefined where no padding does
 */
function sharesAlong(
  { input, output, kernel, stride, pad }: PoolingDescriptor,
  counted: Pair | undefined,
  axis: 0 | 1,
): number[] {
  return Array.from({ length: output[axis] }, (_, i) => {
    const start = i * stride[axis] - pad[axis];
    const end = start + kernel[axis];
    const engines = Math.min(end, input[axis] + pad[axis]) - start;
    const wanted = counted
      ? Math.min(end, input[axis] + counted[axis]) - start
      : Math.min(end, input[axis]) - Math.max(start, 0);
    return engines / wanted;
  });
}
