import type { ConcatOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { arity, Layer, type One, type OneOrMore, type ParamField } from "../base/layer.ts";

/**
 * Cuts its bottom along an axis: the inverse of Concat.
 *
 * - bottom[0]: any shape; tops: that shape but for `axis`, whose lengths add up to the bottom's
 * - `slice_param`: axis 1 (negative counts from the end), or the old slice_dim; slice_point, where each top but
 *   the first begins (none: equal parts)
 *
 * A single top is passed on without copying.
 *
 * @see Caffe's SliceLayer
 */
export class SliceLayer extends Layer<One, OneOrMore> {
  static override readonly type: string = "Slice";
  static override readonly paramFields: readonly ParamField[] = ["slice_param"];
  static override readonly needs: readonly Primitive[] = ["concat"];
  static override readonly tops = arity.oneOrMore;

  #shape: Shape | undefined;
  #parts: readonly Shape[] = [];
  #op!: ConcatOp;

  override setUp(): void {
    const { axis, slice_dim } = this.param.slice_param ?? {};
    if (axis !== undefined && slice_dim !== undefined) {
      this.fail(
        "slice_param has axis and slice_dim. Either axis or slice_dim should be specified; not both.",
      );
    }
  }

  override reshape([x]: One, top: OneOrMore): void {
    if (!this.#shape || !sameShape(this.#shape, x.shape)) {
      const { axis, slice_dim } = withDefaults("SliceParameter", this.param.slice_param);
      const given = this.param.slice_param?.slice_dim === undefined ? axis : slice_dim;
      const at = this.named(() => x.axis(given));
      this.#parts = this.#lengths(x.shape, at, top.length).map((length) =>
        x.shape.map((n, a) => (a === at ? length : n)),
      );
      this.#op = this.engine.concat({ shapes: this.#parts, axis: at });
      this.#shape = x.shape;
    }
    top.forEach((y, i) => {
      y.reshape(this.#parts[i] ?? []);
    });
    if (top.length === 1) {
      top[0].shareData(x);
      top[0].shareDiff(x);
    }
  }

  #lengths(shape: Shape, axis: number, tops: number): number[] {
    const points = this.param.slice_param?.slice_point ?? [];
    const total = shape[axis] ?? 0;
    if (points.length === 0) {
      if (total % tops !== 0) {
        this.fail(
          `${tops} tops for axis ${axis} of bottom shape ${shapeText(shape)}. Number of top blobs should evenly divide input slice axis (${total}); or give slice_point.`,
        );
      }
      return new Array<number>(tops).fill(total / tops);
    }
    if (points.length !== tops - 1) {
      this.fail(
        `slice_param.slice_point is given ${points.length} times. Expected ${tops - 1}, one less than tops.`,
      );
    }
    const edges = [0, ...points, total];
    return edges.slice(1).map((edge, i) => {
      const length = edge - (edges[i] ?? 0);
      // Caffe lets the last one be empty.
      if (length < 0 || (length === 0 && i < tops - 1)) {
        this.fail(
          `slice_param.slice_point ${points.join(", ")} with axis ${axis} of bottom shape ${shapeText(shape)}. Expected rising points within 1 and ${total}.`,
        );
      }
      return length;
    });
  }

  override forward([x]: One, top: OneOrMore): void {
    if (top.length === 1) top[0].shareData(x);
    else
      this.#op.backward(
        x.dataMem,
        top.map((y) => y.dataMem),
      );
  }

  override backward(top: OneOrMore, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate || top.length === 1) return;
    this.#op.forward(
      top.map((y) => y.diffMem),
      x.diffMem,
    );
  }
}
