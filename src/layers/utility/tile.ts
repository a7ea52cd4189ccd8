import type { CopyOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import { Layer, type One, type ParamField } from "../base/layer.ts";

/**
 * Repeats its bottom along an axis.
 *
 *     y = [x, x, … x] along `axis`        ∂E/∂x = the sum of ∂E/∂y over the copies
 *
 * - bottom[0]: any shape; top[0]: that shape with `axis` `tiles` times as long
 * - `tile_param`: tiles (required, 1 or more), axis 1
 *
 * @see Caffe's TileLayer
 */
export class TileLayer extends Layer<One, One> {
  static override readonly type: string = "Tile";
  static override readonly paramFields: readonly ParamField[] = ["tile_param"];
  static override readonly needs: readonly Primitive[] = ["tile"];

  #tiles = 1;
  #shape: Shape | undefined;
  #op!: CopyOp;

  override setUp(): void {
    this.#tiles = this.param.tile_param?.tiles ?? 0;
    if (this.#tiles < 1)
      this.fail(`tile_param.tiles is ${this.#tiles}. Number of tiles must be positive.`);
  }

  override reshape([x]: One, [y]: One): void {
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const axis = this.named(() =>
      x.axis(withDefaults("TileParameter", this.param.tile_param).axis),
    );
    y.reshape(x.shape.map((n, a) => (a === axis ? n * this.#tiles : n)));
    // Of nothing there is nothing to repeat, however often.
    const outer = x.count() === 0 ? 0 : x.count(0, axis);
    this.#op = this.engine.tile({ outer, tiles: this.#tiles, inner: x.count(axis) });
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    this.#op.forward(x.dataMem, y.dataMem);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate) this.#op.backward(y.diffMem, x.diffMem);
  }
}
