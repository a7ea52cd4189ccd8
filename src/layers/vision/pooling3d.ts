import { Blob } from "../../blob/blob.ts";
import type { PoolingOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { countOf, type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { stepsTaken } from "../base/convolution-geometry.ts";
import { Layer, type LayerRole, type One, type ParamField } from "../base/layer.ts";

/**
 * The maximum or mean of each window of a video, over time, height and width.
 *
 *     MAX  y(p) = max x over the window                  the first of equal values takes the gradient
 *     AVE  y(p) = Σ x over the window / its size         padding counts as zeros, what lies beyond it not at all
 *
 * It pools each frame, and then over time.
 *
 * - bottom[0]: N×C×L×H×W; top[0]: N×C×L'×H'×W', L' = ⌈(L − kernel_depth) / temporal_stride⌉ + 1, H' = ⌈(H + 2·pad − kernel_size) / stride⌉ + 1,
 *   W' likewise; with padding, a last window that would begin beyond the image is dropped
 * - `pooling3d_param`: pool MAX, kernel_size and kernel_depth (required), stride 1, temporal_stride 1, pad 0 (with AVE alone)
 *
 * @see C3D's Pooling3DLayer; Tran et al., ICCV 2015
 */
export class Pooling3DLayer extends Layer<One, One> {
  static override readonly type: string = "Pooling3D";
  static override readonly paramFields: readonly ParamField[] = ["pooling3d_param"];
  static override readonly needs: readonly Primitive[] = ["pooling"];
  static override readonly role: LayerRole = "window";

  readonly #param: ReturnType<typeof withDefaults<"Pooling3DParameter">> = withDefaults(
    "Pooling3DParameter",
    this.param.pooling3d_param,
  );
  #shape: Shape | undefined;
  #frames!: PoolingOp;
  #time!: PoolingOp;
  /** The frames pooled. */
  readonly #pooled: Blob = new Blob([0], this.context.dtype);

  override setUp(): void {
    const { pool, pad } = this.#param;
    for (const field of ["kernel_size", "kernel_depth", "stride", "temporal_stride"] as const) {
      const length = this.#param[field];
      if (length === undefined) this.fail(`pooling3d_param has no ${field}. Expected 1 or more.`);
      if (length < 1) this.fail(`pooling3d_param.${field} is ${length}. Expected 1 or more.`);
    }
    if (pool !== "MAX" && pool !== "AVE") {
      this.fail(`pooling3d_param.pool is ${pool}. Expected MAX or AVE.`);
    }
    if (pad > 0 && pool === "MAX") {
      this.fail(`pooling3d_param.pad is ${pad}. Padding implemented only for average pooling.`);
    }
    if (pad > 0 && pad >= this.#param.kernel_size!) {
      this.fail(
        `pooling3d_param.pad is ${pad}. Expected less than kernel_size ${this.#param.kernel_size}.`,
      );
    }
  }

  override reshape([x]: One, [y]: One): void {
    const { shape } = x;
    if (this.#shape && sameShape(this.#shape, shape)) return;
    this.#shape = undefined;
    if (shape.length !== 5) {
      this.fail(`bottom has shape ${shapeText(shape)}. Expected 5 axes, N×C×L×H×W.`);
    }
    const [batch, channels, length, ...lengths] = shape as [number, number, number, number, number];
    const { pool, kernel_size: kernel = 1, kernel_depth: depth = 1, stride, pad } = this.#param;
    const { temporal_stride: step } = this.#param;
    const method = pool === "MAX" ? "MAX" : "AVE";
    const [height, width] = lengths.map((side) => this.#windows(shape, side, kernel, stride, pad));
    const times = this.#windows(shape, length, depth, step, 0);
    const pair = [height!, width!] as const;
    const padding = { before: [pad, pad], behind: [pad, pad] };
    this.#frames = this.engine.pooling({
      method,
      batch,
      channels: channels * length,
      input: lengths as [number, number],
      output: pair,
      kernel: [kernel, kernel],
      stride: stepsTaken([stride, stride], lengths, padding) as [number, number],
      pad: [pad, pad],
    });
    this.#time = this.engine.pooling({
      method,
      batch,
      channels,
      input: [length, countOf(pair)],
      output: [times, countOf(pair)],
      kernel: [depth, 1],
      stride: [Math.min(step, length + 1), 1],
      pad: [0, 0],
    });
    this.#pooled.reshape([batch, channels, length, ...pair]);
    y.reshape([batch, channels, times, ...pair]);
    this.#shape = shape;
  }

  #windows(shape: Shape, length: number, kernel: number, stride: number, pad: number): number {
    let count = Math.ceil((length + 2 * pad - kernel) / stride) + 1;
    if (pad > 0 && (count - 1) * stride >= length + pad) count--;
    if (count < 1 || length < 1) {
      this.fail(
        `a window of ${kernel} does not fit bottom shape ${shapeText(shape)}. Expected a smaller one.`,
      );
    }
    return count;
  }

  override forward([x]: One, [y]: One): void {
    this.#frames.forward(x.dataMem, this.#pooled.dataMem);
    this.#time.forward(this.#pooled.dataMem, y.dataMem);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    this.#time.backward(this.#pooled.dataMem, y.diffMem, this.#pooled.diffMem);
    this.#frames.backward(x.dataMem, this.#pooled.diffMem, x.diffMem);
  }
}
