import { fill } from "../blob/filler.ts";
import type { Primitive } from "../engines/engine.ts";
import type { FillerParameter } from "../io/proto/caffe.ts";
import { withDefaults } from "../io/proto/messages.ts";
import type { Random } from "../util/random.ts";
import type { Shape } from "../util/shape.ts";
import { arity, type Blobs, Layer, type LayerState, type None } from "./base/layer.ts";

/**
 * Data made up by fillers: constant ones are filled once, random ones anew in every pass.
 *
 * - tops: one or more; `dummy_data_param`: shape (one for all or one for each; or the old num, channels, height,
 *   width) and data_filler (none = constant 0, one for all, or one for each)
 *
 * @see Caffe's DummyDataLayer
 */
export class DummyDataLayer extends Layer<None, Blobs> {
  static override readonly type: string = "DummyData";
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly bottoms = arity.none;
  static override readonly tops = arity.oneOrMore;

  readonly #random: Random = this.random("data");
  #fillers: FillerParameter[] = [];
  #isFilled = false;

  override setUp(_bottom: None, top: Blobs): void {
    const param = withDefaults("DummyDataParameter", this.param.dummy_data_param);
    const fillers = param.data_filler;
    if (fillers.length > 1 && fillers.length !== top.length) {
      this.fail(
        `dummy_data_param.data_filler is given ${fillers.length} times. Number of data fillers must be 0, 1 or equal to the number of tops: ${top.length}.`,
      );
    }
    this.#fillers = top.map((_, i) => fillers[fillers.length > 1 ? i : 0] ?? {});
    const shapes: Shape[] =
      param.shape.length > 0
        ? param.shape.map(({ dim }) => dim ?? [])
        : param.num.map((n, i) => [
            n,
            param.channels[i] ?? 1,
            param.height[i] ?? 1,
            param.width[i] ?? 1,
          ]);
    if (shapes.length !== 1 && shapes.length !== top.length) {
      this.fail(
        `dummy_data_param gives ${shapes.length} shapes. Must specify 'shape' once, or once per top blob: ${top.length}.`,
      );
    }
    top.forEach((blob, i) => {
      this.named(() => blob.reshape(shapes[shapes.length > 1 ? i : 0] ?? []));
    });
  }

  override reshape(): void {}

  override forward(_bottom: None, top: Blobs): void {
    top.forEach((blob, i) => {
      const filler = this.#fillers[i] ?? {};
      if (this.#isFilled && (filler.type ?? "constant") === "constant") return;
      const values = blob.data.overwriteCpu().subarray(0, blob.count());
      this.named(() => fill(values, blob.shape, filler, this.#random));
    });
    this.#isFilled = true;
  }

  override backward(): void {}

  override state(): LayerState {
    return { random: this.#random.state() };
  }

  override restore(state: LayerState): undefined {
    this.#random.restore(state["random"] as readonly number[]);
  }
}
