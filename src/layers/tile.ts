import type { Primitive } from "../engines/engine.ts";
import { withDefaults } from "../io/proto/messages.ts";
import { Layer, type One } from "./base/layer.ts";

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
  static override readonly needs: readonly Primitive[] = ["host"];

  #tiles = 1;
  #outer = 0;
  #inner = 0;

  override setUp(): void {
    this.#tiles = this.param.tile_param?.tiles ?? 0;
    if (this.#tiles < 1)
      this.fail(`tile_param.tiles is ${this.#tiles}. Number of tiles must be positive.`);
  }

  override reshape([x]: One, [y]: One): void {
    const axis = this.named(() =>
      x.axis(withDefaults("TileParameter", this.param.tile_param).axis),
    );
    y.reshape(x.shape.map((n, a) => (a === axis ? n * this.#tiles : n)));
    this.#outer = x.count(0, axis);
    this.#inner = x.count(axis);
  }

  override forward([x]: One, [y]: One): void {
    const [from, to, size] = [x.data.cpu(), y.data.overwriteCpu(), this.#inner];
    for (let o = 0, at = 0; o < this.#outer; o++) {
      const row = from.subarray(o * size, (o + 1) * size);
      for (let t = 0; t < this.#tiles; t++, at += size) to.set(row, at);
    }
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    const [dy, dx, size] = [y.diff.cpu(), x.diff.overwriteCpu(), this.#inner];
    for (let o = 0; o < this.#outer; o++) {
      const from = o * this.#tiles * size;
      dx.set(dy.subarray(from, from + size), o * size);
      for (let t = 1; t < this.#tiles; t++) {
        for (let i = 0; i < size; i++) dx[o * size + i]! += dy[from + t * size + i]!;
      }
    }
  }
}
