import type { Blob } from "../../blob/blob.ts";
import { fill, fillsZeros } from "../../blob/filler.ts";
import type { Primitive } from "../../engines/engine.ts";
import type { FillerParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { Random } from "../../util/random.ts";
import type { Shape } from "../../util/shape.ts";
import {
  arity,
  type Blobs,
  Layer,
  type LayerRole,
  type LayerState,
  type None,
  type ParamField,
} from "../base/layer.ts";
import { refusesOtherForms } from "../base/layer-state.ts";

/**
 * Data made up by fillers: constant ones are filled once, when the net is built, random ones anew in every pass.
 *
 * - tops: one or more; `dummy_data_param`: shape (one for all or one for each; or the old num, channels, height,
 *   width) and data_filler (none = constant 0, one for all, or one for each)
 *
 * @see Caffe's DummyDataLayer
 */
export class DummyDataLayer extends Layer<None, Blobs> {
  static override readonly type: string = "DummyData";
  static override readonly paramFields: readonly ParamField[] = ["dummy_data_param"];
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly bottoms = arity.none;
  static override readonly tops = arity.oneOrMore;
  static override readonly role: LayerRole = "constant";

  readonly #random: Random = this.randomOfRank("data");
  #fillers: FillerParameter[] = [];

  override setUp(_bottom: None, top: Blobs): void {
    const param = withDefaults("DummyDataParameter", this.param.dummy_data_param);
    const fillers = param.data_filler;
    if (fillers.length > 1 && fillers.length !== top.length) {
      this.fail(
        `dummy_data_param.data_filler is given ${fillers.length} times. Number of data fillers must be 0, 1 or equal to the number of tops: ${top.length}.`,
      );
    }
    this.#fillers = top.map((_, i) => fillers[fillers.length > 1 ? i : 0] ?? {});
    const random = this.random("set-up");
    top.forEach((blob, i) => {
      this.named(() => blob.reshape(this.#shapeOf(i, top.length)));
      this.#fill(blob, i, random);
    });
  }

  #shapeOf(top: number, tops: number): Shape {
    const param = withDefaults("DummyDataParameter", this.param.dummy_data_param);
    const own = <T>(name: string, list: readonly T[]): T => {
      if (list.length !== 1 && list.length !== tops) {
        this.fail(
          `dummy_data_param.${name} is given ${list.length} times. Must specify '${name}' once, or once per top blob: ${tops}.`,
        );
      }
      return list[list.length > 1 ? top : 0] as T;
    };
    const { num, channels, height, width } = param;
    const legacy = Object.entries({ num, channels, height, width });
    if (legacy.every(([, list]) => list.length === 0)) return own("shape", param.shape).dim ?? [];
    if (param.shape.length > 0) {
      this.fail("Both shape and legacy fields were specified in dummy_data_param. Expected shape.");
    }
    return legacy.map(([name, list]) => own(name, list));
  }

  override reshape(): void {}

  override forward(_bottom: None, top: Blobs): void {
    top.forEach((blob, i) => {
      if ((this.#fillers[i]?.type ?? "constant") !== "constant") this.#fill(blob, i, this.#random);
    });
  }

  #fill(blob: Blob, i: number, random: Random): void {
    if (fillsZeros(this.#fillers[i])) {
      blob.dataMem.zero();
      return;
    }
    const values = blob.dataMem.overwriteCpu().subarray(0, blob.count());
    this.named(() => fill(values, blob.shape, this.#fillers[i], random, this.context.noise));
  }

  override backward(): void {}

  override state(): LayerState {
    return { random: this.#random.state() };
  }

  override refuses(state: LayerState): string | undefined {
    return refusesOtherForms(this.state(), state);
  }

  override restore(state: LayerState): undefined {
    this.#random.restore(state["random"] as readonly number[]);
  }
}
