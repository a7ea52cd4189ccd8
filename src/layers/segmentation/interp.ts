import type { Blob } from "../../blob/blob.ts";
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
  static override readonly bottoms: Arity = arity.oneOrTwo;

  #shapes: readonly Shape[] = [];
  #rows!: Neighbours;
  #columns!: Neighbours;

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
    this.#rows = neighbours(inH, outH, -pad_beg, isCopy);
    this.#columns = neighbours(inW, outW, -pad_beg, isCopy);
    this.#shapes = bottom.map(({ shape }) => shape);
  }

  /** The length of an axis of the top, for `length` of the bottom. */
  #lengthOf(length: number, given: number | undefined): number {
    const { shrink_factor, zoom_factor, height, width } = this.param.interp_param ?? {};
    if ((shrink_factor ?? 1) < 1 || (zoom_factor ?? 1) < 1) {
      this.fail(
        `interp_param.shrink_factor is ${shrink_factor}, zoom_factor ${zoom_factor}. Expected 1 or more.`,
      );
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
    const [from, to] = [x.dataMem.cpu(), y.dataMem.overwriteCpu()];
    const [rows, columns] = [this.#rows, this.#columns];
    const [, , h = 0, w = 0] = x.shape;
    const [outH, outW] = [rows.first.length, columns.first.length];
    for (let start = 0, at = 0; at < y.count(); start += h * w) {
      for (let i = 0; i < outH; i++) {
        const above = start + rows.first[i]! * w;
        const below = start + rows.second[i]! * w;
        const [ofAbove, ofBelow] = [rows.ofFirst[i]!, rows.ofSecond[i]!];
        for (let j = 0; j < outW; j++, at++) {
          const left = columns.first[j]!;
          const right = columns.second[j]!;
          const [ofLeft, ofRight] = [columns.ofFirst[j]!, columns.ofSecond[j]!];
          to[at] =
            ofAbove * (ofLeft * from[above + left]! + ofRight * from[above + right]!) +
            ofBelow * (ofLeft * from[below + left]! + ofRight * from[below + right]!);
        }
      }
    }
  }

  override backward([y]: One, [propagate, toSize]: readonly boolean[], bottom: Blobs): void {
    // Nothing depends on what bottom[1] holds.
    if (toSize) bottom[1]?.diffMem.zero();
    if (!propagate) return;
    const [x] = bottom as [Blob];
    const [dy, dx] = [y.diffMem.cpu(), x.diffMem.overwriteCpu()];
    const [rows, columns] = [this.#rows, this.#columns];
    const [, , h = 0, w = 0] = x.shape;
    const [outH, outW] = [rows.first.length, columns.first.length];
    dx.fill(0, 0, x.count());
    for (let start = 0, at = 0; at < y.count(); start += h * w) {
      for (let i = 0; i < outH; i++) {
        const above = start + rows.first[i]! * w;
        const below = start + rows.second[i]! * w;
        const [ofAbove, ofBelow] = [rows.ofFirst[i]!, rows.ofSecond[i]!];
        for (let j = 0; j < outW; j++) {
          const left = columns.first[j]!;
          const right = columns.second[j]!;
          const toLeft = columns.ofFirst[j]! * dy[at]!;
          const toRight = columns.ofSecond[j]! * dy[at++]!;
          dx[above + left]! += ofAbove * toLeft;
          dx[above + right]! += ofAbove * toRight;
          dx[below + left]! += ofBelow * toLeft;
          dx[below + right]! += ofBelow * toRight;
        }
      }
    }
  }
}

/** For each place along an axis of the top, two neighbouring places in the bottom and their shares. */
interface Neighbours {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly ofFirst: Float64Array;
  readonly ofSecond: Float64Array;
}

function neighbours(from: number, to: number, offset: number, isCopy: boolean): Neighbours {
  const [first, second] = [new Int32Array(to), new Int32Array(to)];
  const [ofFirst, ofSecond] = [new Float64Array(to), new Float64Array(to)];
  const ratio = isCopy ? 1 : to > 1 ? Math.fround((from - 1) / (to - 1)) : 0;
  for (let i = 0; i < to; i++) {
    const place = Math.fround(ratio * i);
    // Rounding may put the last place beyond the last pixel.
    const index = Math.min(Math.trunc(place), from - 1);
    first[i] = offset + index;
    second[i] = offset + Math.min(index + 1, from - 1);
    ofSecond[i] = place - index;
    ofFirst[i] = 1 - ofSecond[i]!;
  }
  return { first, second, ofFirst, ofSecond };
}
