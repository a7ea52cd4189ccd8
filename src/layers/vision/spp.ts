import { Blob } from "../../blob/blob.ts";
import type { ConcatOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import {
  Layer,
  type LayerRole,
  type LayerState,
  type One,
  type ParamField,
} from "../base/layer.ts";
import { refusesOtherForms } from "../base/layer-state.ts";
import { planesOf } from "../base/planes.ts";
import { PoolingLayer } from "./pooling.ts";

interface Level {
  readonly pooling: PoolingLayer;
  readonly output: One;
  readonly gradient: One;
}

/**
 * Spatial pyramid pooling: features of one length from images of any size.
 *
 * Level l = 0 … pyramid_height − 1 pools the plane into 2ˡ×2ˡ bins; the results of all levels lie behind
 * each other.
 *
 * - bottom[0]: N×C×H×W; top[0]: N×(C·Σ4ˡ); with a pyramid of one level N×C×1×1
 * - `spp_param`: pyramid_height (required), pool MAX
 *
 * @see He, Zhang, Ren & Sun, ECCV 2014; Caffe's SPPLayer
 */
export class SPPLayer extends Layer<One, One> {
  static override readonly type: string = "SPP";
  static override readonly paramFields: readonly ParamField[] = ["spp_param"];
  static override readonly needs: readonly Primitive[] = ["pooling", "concat", "axpby"];
  static override readonly role: LayerRole = "window";

  #levels: readonly Level[] = [];
  #shape: Shape | undefined;
  #op!: ConcatOp;

  override reshape([x]: One, [y]: One): void {
    if (!this.#shape || !sameShape(this.#shape, x.shape)) this.#make(x);
    const [n = 0] = x.shape;
    const [first] = this.#levels;
    if (this.#levels.length === 1) y.reshape(first?.output[0].shape ?? []);
    else y.reshape([n, this.#levels.reduce((sum, { output: [o] }) => sum + o.count(1), 0)]);
  }

  #make(x: Blob): void {
    const { pyramid_height: height = 0, pool } = withDefaults("SPPParameter", this.param.spp_param);
    if (height < 1) this.fail(`spp_param.pyramid_height is ${height}. Expected 1 or more.`);
    const [n, , h, w] = planesOf(x, (message) => this.fail(message));
    if (h < 1 || w < 1)
      this.fail(`bottom has shape ${shapeText(x.shape)}. Input dimensions cannot be zero.`);
    this.#levels = Array.from({ length: height }, (_, level) => {
      const [kernel_h, pad_h] = binsOf(h, 2 ** level);
      const [kernel_w, pad_w] = binsOf(w, 2 ** level);
      const window = { kernel_h, kernel_w, stride_h: kernel_h, stride_w: kernel_w, pad_h, pad_w };
      const pooling = new PoolingLayer(
        {
          name: `${this.param.name}_${level}`,
          type: "Pooling",
          pooling_param: { ...window, pool },
        },
        { ...this.context, key: `${this.context.key}_${level}` },
      );
      const output: One = [new Blob([0], this.context.dtype)];
      pooling.setUp([x], output);
      // Other windows for an image of another size; the random numbers go on.
      const before = this.#levels[level]?.pooling.state();
      if (before) pooling.restore(before);
      pooling.reshape([x], output);
      // The first level writes the bottom's gradient, the others add theirs.
      const gradient: One = [new Blob(level === 0 ? [0] : x.shape, this.context.dtype)];
      return { pooling, output, gradient };
    });
    const shapes = this.#levels.map(({ output: [o] }) => [n, o.count(1)]);
    this.#op = this.engine.concat({ shapes, axis: 1 });
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    for (const { pooling, output } of this.#levels) pooling.forward([x], output);
    const [first] = this.#levels;
    if (this.#levels.length === 1) y.shareData(first!.output[0]);
    else
      this.#op.forward(
        this.#levels.map(({ output: [o] }) => o.dataMem),
        y.dataMem,
      );
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    if (this.#levels.length === 1) this.#levels[0]!.output[0].shareDiff(y);
    else
      this.#op.backward(
        y.diffMem,
        this.#levels.map(({ output: [o] }) => o.diffMem),
      );
    this.#levels.forEach(({ pooling, output, gradient }, level) => {
      const [own] = level === 0 ? [x] : gradient;
      pooling.backward(output, [true], [own]);
      if (level > 0) this.engine.axpby(x.count(), 1, own.diffMem, 1, x.diffMem);
    });
  }

  /** Of all levels one after the other, where they draw. */
  override state(): LayerState | undefined {
    const keys = this.#levels.flatMap(({ pooling }) => pooling.state()?.["random"] ?? []);
    return keys.length > 0 ? { random: keys as readonly number[] } : undefined;
  }

  override refuses(state: LayerState): string | undefined {
    return refusesOtherForms(this.state(), state);
  }

  override restore(state: LayerState): undefined {
    const keys = state["random"] as readonly number[];
    this.#levels.forEach(({ pooling }, level) => {
      pooling.restore({ random: keys.slice(2 * level, 2 * level + 2) });
    });
  }
}

/** Window and padding that divide a length into so many bins. */
function binsOf(length: number, bins: number): readonly [kernel: number, pad: number] {
  const kernel = Math.ceil(length / bins);
  return [kernel, Math.floor((kernel * bins - length + 1) / 2)];
}
