import { Blob } from "../../blob/blob.ts";
import type { Primitive, RegionsOp } from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import {
  type Arity,
  arity,
  type Blobs,
  Layer,
  type LayerRole,
  type One,
  type ParamField,
} from "../base/layer.ts";
import { planesOf } from "../base/planes.ts";

/**
 * Bilinear interpolation of planes to another size; corners lie upon corners.
 *
 *     y(h, w) = x(h·(H − 1)/(H' − 1), w·(W − 1)/(W' − 1)), between neighbours in proportion
 *     ∂E/∂x   = each ∂E/∂y dealt out to the four neighbours in the same proportions
 *
 * - bottom[0] x: N×C×H×W; bottom[1], with use_blob_size: N×C×H'×W', of which only the size is read; top[0] y: N×C×H'×W'
 * - `interp_param`, H from which the pads have been cut off: shrink_factor s alone gives ⌊(H − 1)/s⌋ + 1; zoom_factor z
 *   alone H + (H − 1)(z − 1); else height and width; else both factors, first shrink, then zoom; with use_blob_size the size
 *   of bottom[1], and none of these
 * - pad_beg, pad_end (0): 0 or less, rows and columns of the bottom to leave out
 *
 * Ratios are float32, as in the fork.
 *
 * @see Chen et al., DeepLab, 2015; Zhao et al., Pyramid Scene Parsing Network, CVPR 2017: its InterpLayer
 */
export class InterpLayer extends Layer<Blobs, One> {
  static override readonly type: string = "Interp";
  static override readonly paramFields: readonly ParamField[] = ["interp_param"];
  static override readonly role: LayerRole = "window";
  static override readonly needs: readonly Primitive[] = ["regions"];
  static override readonly bottoms: Arity = arity.oneOrTwo;

  #shapes: readonly Shape[] = [];
  /** Each image is a region, whose bins are the places of the top. */
  #bins!: Blob;
  #op!: RegionsOp;

  override setUp(bottom: Blobs): void {
    const { use_blob_size = false, height, width } = this.param.interp_param ?? {};
    const { zoom_factor, shrink_factor } = this.param.interp_param ?? {};
    if (use_blob_size !== (bottom.length === 2)) {
      this.fail(
        `${bottom.length} bottoms with use_blob_size: ${use_blob_size}. Expected a second bottom, which gives the size, where it is true.`,
      );
    }
    const sizes = { height, width, zoom_factor, shrink_factor };
    const [other] = Object.entries(sizes).find(([, size]) => size !== undefined) ?? [];
    if (use_blob_size && other !== undefined) {
      this.fail(`interp_param has use_blob_size and ${other}. Expected one of them.`);
    }
  }

  override reshape(bottom: Blobs, [y]: One): void {
    const before = this.#shapes;
    if (before.length > 0 && bottom.every(({ shape }, i) => sameShape(shape, before[i]!))) return;
    const [x, like] = bottom as [Blob, Blob | undefined];
    const [n, c, h, w] = planesOf(x, (message) => this.fail(message));
    const { pad_beg = 0, pad_end = 0 } = this.param.interp_param ?? {};
    if (pad_beg > 0 || pad_end > 0) {
      this.fail(
        `interp_param.pad_beg is ${pad_beg}, pad_end ${pad_end}. Expected 0 or less: only supports non-pos padding (cropping).`,
      );
    }
    const [inH, inW] = [h + pad_beg + pad_end, w + pad_beg + pad_end];
    const { height, width } = this.param.interp_param ?? {};
    const [, , likeH, likeW] = like ? planesOf(like, (message) => this.fail(message)) : [];
    const outH = likeH ?? this.#lengthOf(inH, height);
    const outW = likeW ?? this.#lengthOf(inW, width);
    if (inH < 1 || inW < 1 || outH < 1 || outW < 1) {
      this.fail(
        `bottom shape ${shapeText(x.shape)} would become ${inH} × ${inW}, and then ${outH} × ${outW}. Expected 1 or more.`,
      );
    }
    y.reshape([n, c, outH, outW]);
    const isCopy = inH === outH && inW === outW;
    const rows = neighbours(inH, outH, -pad_beg, isCopy);
    const columns = neighbours(inW, outW, -pad_beg, isCopy);
    this.#bins = new Blob([n, 1 + rows.length + columns.length], this.context.dtype);
    const table = this.#bins.dataMem.overwriteCpu();
    for (let image = 0; image < n; image++) {
      table.set([image, ...rows, ...columns], image * this.#bins.count(1));
    }
    this.#op = this.engine.regions({
      method: "LINEAR",
      features: x.shape,
      regions: n,
      grid: [outH, outW],
    });
    this.#shapes = bottom.map(({ shape }) => shape);
  }

  /** The length of an axis of the top, for `length` of the bottom. */
  #lengthOf(length: number, given: number | undefined): number {
    const { shrink_factor, zoom_factor, height, width } = this.param.interp_param ?? {};
    for (const [field, factor] of Object.entries({ shrink_factor, zoom_factor })) {
      if ((factor ?? 1) < 1) this.fail(`interp_param.${field} is ${factor}. Expected 1 or more.`);
    }
    const hasOne = (shrink_factor === undefined) !== (zoom_factor === undefined);
    if (!hasOne && height !== undefined && width !== undefined) return given ?? 0;
    if (shrink_factor === undefined && zoom_factor === undefined) {
      this.fail(
        "interp_param has no size. Expected height and width, zoom_factor or shrink_factor.",
      );
    }
    const shrunk = Math.floor((length - 1) / (shrink_factor ?? 1)) + 1;
    return shrunk + (shrunk - 1) * ((zoom_factor ?? 1) - 1);
  }

  override forward(bottom: Blobs, [y]: One): void {
    const [x] = bottom as [Blob];
    this.#op.forward(x.dataMem, this.#bins.dataMem, y.dataMem);
  }

  override backward([y]: One, [propagate, toSize]: readonly boolean[], bottom: Blobs): void {
    const [x, like] = bottom as [Blob, Blob | undefined];
    // Nothing depends on what bottom[1] holds.
    if (toSize) like?.diffMem.zero();
    if (propagate) this.#op.backward(y.diffMem, this.#bins.dataMem, x.diffMem);
  }
}

/** For each place along an axis of the top: two neighbouring places in the bottom, and the share of the second. */
function neighbours(from: number, to: number, offset: number, isCopy: boolean): readonly number[] {
  const ratio = isCopy ? 1 : to > 1 ? Math.fround((from - 1) / (to - 1)) : 0;
  return Array.from({ length: to }, (_, i) => {
    const place = Math.fround(ratio * i);
    // Rounding may put the last place beyond the last pixel.
    const index = Math.min(Math.trunc(place), from - 1);
    return [offset + index, offset + Math.min(index + 1, from - 1), place - index];
  }).flat();
}
