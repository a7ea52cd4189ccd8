import { Blob } from "../../blob/blob.ts";
import type { CopyOp, Primitive, UnpoolingOp } from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import {
  arity,
  Layer,
  type LayerRole,
  type One,
  type OneOrMore,
  type ParamField,
} from "../base/layer.ts";
import { planesOf } from "../base/planes.ts";

/**
 * Makes planes larger. Two forks gave this name to two layers; the number of bottoms says which is meant.
 *
 * One bottom (MobileNet-YOLO): each value becomes a square of `scale` × `scale`.
 *
 *     y(h, w) = x(⌊h/scale⌋, ⌊w/scale⌋)        ∂E/∂x = the sum of ∂E/∂y over its square
 *
 * Two bottoms (SegNet): each value goes to where its maximum came from, and everything else is 0.
 *
 *     y(mask(i)) = x(i)        ∂E/∂x(i) = ∂E/∂y(mask(i))
 *
 * - bottom[0] x: …×H×W, with a mask N×C×H×W; bottom[1], optional: indices h·W' + w within a plane of the top, as the
 *   second top of Pooling has them; of several equal ones the last is written, and all get the gradient
 * - top[0]: …×H'×W'. With a mask its size is worked out at set-up and stays
 * - `upsample_param`: scale (1 without a mask, 2 with it), or scale_h and scale_w; with a mask also upsample_h and
 *   upsample_w, H' and W' themselves, and pad_out_h and pad_out_w (false), one less
 *
 * An index that names no place is an error; on a GPU, which is not waited for, it makes its plane's first value NaN.
 *
 * @see Redmon & Farhadi, YOLOv3, 2018; Badrinarayanan, Kendall & Cipolla, SegNet, TPAMI 2017: their UpsampleLayers
 */
export class UpsampleLayer extends Layer<OneOrMore, One> {
  static override readonly type: string = "Upsample";
  static override readonly paramFields: readonly ParamField[] = ["upsample_param"];
  static override readonly needs: readonly Primitive[] = ["tile", "unpooling"];
  static override readonly bottoms = arity.oneOrTwo;
  static override readonly role: LayerRole = "window";

  /** With a mask: H' and W'. */
  #size: readonly [number, number] = [0, 0];
  /** Without: rows and columns for one. */
  #scale: readonly [number, number] = [1, 1];
  #shape: Shape | undefined;
  /** x with its columns repeated. */
  #wide!: Blob;
  #columns!: CopyOp;
  #rows!: CopyOp;
  #unpooling!: UnpoolingOp;

  override setUp([x, mask]: OneOrMore): void {
    const param = this.param.upsample_param ?? {};
    const { scale = mask ? 2 : 1, scale_h = scale, scale_w = scale } = param;
    this.#scale = [scale_h, scale_w];
    if (scale_h < 1 || scale_w < 1) {
      this.fail(`upsample_param.scale is ${scale_h} × ${scale_w}. Expected 1 or more.`);
    }
    if (mask) this.#size = this.#sizeOf(x);
    else if (param.upsample_h !== undefined || param.upsample_w !== undefined) {
      this.fail(
        "upsample_param has upsample_h or upsample_w, but there is no mask to say where values go. Expected a second bottom, or scale.",
      );
    }
    this.#wide = new Blob([0], this.context.dtype);
  }

  #sizeOf(x: Blob): readonly [number, number] {
    const [, , h, w] = planesOf(x, (message) => this.fail(message));
    const { upsample_h, upsample_w, pad_out_h, pad_out_w } = this.param.upsample_param ?? {};
    if ((upsample_h === undefined) !== (upsample_w === undefined)) {
      this.fail("upsample_param has one of upsample_h and upsample_w. Expected both.");
    }
    return [
      upsample_h ?? h * this.#scale[0] - (pad_out_h ? 1 : 0),
      upsample_w ?? w * this.#scale[1] - (pad_out_w ? 1 : 0),
    ];
  }

  override reshape([x, mask]: OneOrMore, [y]: One): void {
    if (mask) {
      if (x.shape.length !== 4 || !sameShape(x.shape, mask.shape)) {
        this.fail(
          `bottoms of shapes ${shapeText(x.shape)} and ${shapeText(mask.shape)}. Expected one shape N×C×H×W.`,
        );
      }
      y.reshape([...x.shape.slice(0, 2), ...this.#size]);
      if (this.#shape && sameShape(this.#shape, x.shape)) return;
      const [batch, channels, h, w] = x.shape as [number, number, number, number];
      this.#unpooling = this.engine.unpooling({
        batch,
        channels,
        input: [h, w],
        output: this.#size,
      });
      this.#shape = x.shape;
      return;
    }
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    if (x.shape.length < 2) {
      this.fail(`bottom has shape ${shapeText(x.shape)}. Expected two axes or more: …×H×W.`);
    }
    const [rows, columns] = this.#scale;
    const [h = 0, w = 0] = x.shape.slice(-2);
    const outer = x.shape.slice(0, -2);
    y.reshape([...outer, h * rows, w * columns]);
    this.#wide.reshape([...outer, h, w * columns]);
    this.#columns = this.engine.tile({ outer: x.count(), tiles: columns, inner: 1 });
    this.#rows = this.engine.tile({
      outer: w === 0 ? 0 : x.count() / w,
      tiles: rows,
      inner: w * columns,
    });
    this.#shape = x.shape;
  }

  override forward([x, mask]: OneOrMore, [y]: One): void {
    if (mask) {
      const wrong = this.#unpooling.forward(x.dataMem, mask.dataMem, y.dataMem);
      if (wrong < 0) return;
      const [height, width] = this.#size;
      this.fail(
        `mask ${mask.dataMem.cpu()[wrong]} at position ${wrong}. Expected 0 to ${height * width - 1}, a place in a plane of ${height} × ${width}: give upsample_h and upsample_w what the pooling layer's bottom has.`,
      );
    }
    this.#columns.forward(x.dataMem, this.#wide.dataMem);
    this.#rows.forward(this.#wide.dataMem, y.dataMem);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x, maskBlob]: OneOrMore): void {
    if (!propagate) return;
    if (!maskBlob) {
      this.#rows.backward(y.diffMem, this.#wide.diffMem);
      this.#columns.backward(this.#wide.diffMem, x.diffMem);
      return;
    }
    this.#unpooling.backward(y.diffMem, maskBlob.dataMem, x.diffMem);
  }

  override backwardReadsBottom(bottomIndex: number): "present" | "nothing" {
    return bottomIndex === 1 ? "present" : "nothing";
  }

  /** A mask has no gradient. */
  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex === 0;
  }
}
