import type { Blob } from "../../blob/blob.ts";
import type { Primitive } from "../../engines/engine.ts";
import type { PriorBoxParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { type Arity, arity, Layer, type One, type ParamField, type Two } from "./layer.ts";

/** Width and height of a box in pixels. */
export type BoxSize = readonly [width: number, height: number];

/** The edges xmin, ymin, xmax, ymax in their order, and rows before columns. */
const [XY, YX] = [
  [0, 1, 2, 3],
  [1, 0, 3, 2],
];

/**
 * Boxes of given sizes around the middle of every cell of a feature map, in shares of the image. The numbers are rounded
 * to float32 where SSD's code rounds them.
 */
export abstract class PriorBoxesLayer extends Layer<Two, One> {
  static override readonly paramFields: readonly ParamField[] = ["prior_box_param"];
  /** Only shapes are read. */
  static override readonly needs: readonly Primitive[] = [];
  static override readonly bottoms: Arity = arity.two;

  #sizes: readonly BoxSize[] = [];
  #variances: readonly number[] = [];
  #image: BoxSize | undefined;
  #step: BoxSize | undefined;
  /** Places in a cell, across and down, in shares of it. */
  #offsets: readonly BoxSize[] = [];
  #shapes: readonly [Shape, Shape] | undefined;
  #boxes = new Float64Array(0);

  /** The boxes of one cell, in their order. */
  protected abstract sizesOf(param: PriorBoxParameter): readonly BoxSize[];

  /** What a box of this size is smaller by at each edge, in shares of the image. */
  protected insetOf(_size: BoxSize): number {
    return 0;
  }

  override setUp(): void {
    const given = this.param.prior_box_param ?? {};
    this.#sizes = this.sizesOf(given);
    const { variance = [] } = given;
    if (variance.length > 4 || (variance.length > 1 && variance.length < 4)) {
      this.fail(`prior_box_param.variance has ${variance.length} values. Expected 1 or 4.`);
    }
    for (const value of variance) this.expectPositive("variance", value);
    this.#variances = [0, 1, 2, 3].map((i) => variance[i] ?? variance[0] ?? Math.fround(0.1));
    this.#image = this.#pair("img", "size", given.img_size, given.img_w, given.img_h);
    this.#step = this.#pair("step", "", given.step, given.step_w, given.step_h);
    this.#offsets = this.#offsetsOf(given);
  }

  #offsetsOf({ offset, offset_w = [], offset_h = [] }: PriorBoxParameter): readonly BoxSize[] {
    if (offset_w.length !== offset_h.length || (offset_w.length > 0 && offset !== undefined)) {
      this.fail(
        `prior_box_param has ${offset_w.length} offset_w, ${offset_h.length} offset_h${offset === undefined ? "" : " and offset"}. Expected as many of each, or offset alone.`,
      );
    }
    if (offset_w.length === 0) return [[offset ?? 0.5, offset ?? 0.5]];
    return Array.from(offset_w, (across, i): BoxSize => [across, offset_h[i] ?? across]);
  }

  /** The width and height that a field says, or two; undefined where nothing is said. */
  #pair(
    name: string,
    ending: string,
    both: number | undefined,
    width: number | undefined,
    height: number | undefined,
  ): BoxSize | undefined {
    const field = ending === "" ? name : `${name}_${ending}`;
    if (width === undefined && height === undefined) {
      if (both === undefined) return undefined;
      this.expectPositive(field, both);
      return [both, both];
    }
    if (both !== undefined) {
      this.fail(`prior_box_param has ${field} and ${name}_h or ${name}_w. Expected one form.`);
    }
    this.expectPositive(`${name}_w`, width);
    this.expectPositive(`${name}_h`, height);
    return [width, height];
  }

  protected expectPositive(field: string, value: number | undefined): asserts value is number {
    if (value === undefined || !(value > 0)) {
      this.fail(`prior_box_param.${field} is ${value ?? "missing"}. Expected more than 0.`);
    }
  }

  override reshape([features, image]: Two, [y]: One): void {
    const [before, imageBefore] = this.#shapes ?? [];
    if (before && imageBefore && sameShape(features.shape, before)) {
      if (sameShape(image.shape, imageBefore)) return;
    }
    this.#shapes = [features.shape, image.shape];
    const [height, width] = this.#plane(features, 0);
    y.reshape([1, 2, height * width * this.#sizes.length * this.#offsets.length * 4]);
    this.#boxes = this.#boxesOf([width, height], image);
  }

  /** Height and width of a bottom: its last two of four axes. */
  #plane(bottom: Blob, index: number): readonly [number, number] {
    const [height, width] = this.named(() => [bottom.legacyAxis(2), bottom.legacyAxis(3)] as const);
    if (!(height > 0 && width > 0)) {
      this.fail(
        `bottom ${index} has shape ${shapeText(bottom.shape)}. Expected one pixel or more: N×C×H×W.`,
      );
    }
    return [height, width];
  }

  #boxesOf([width, height]: BoxSize, image: Blob): Float64Array<ArrayBuffer> {
    const { fround } = Math;
    const param = withDefaults("PriorBoxParameter", this.param.prior_box_param);
    const [imageHeight, imageWidth] = this.#image?.toReversed() ?? this.#plane(image, 1);
    const [stepX, stepY] = this.#step ?? [
      fround(imageWidth! / width),
      fround(imageHeight! / height),
    ];
    const own = this.#sizes.flatMap((size) =>
      this.#offsets.map((offset) => [size, offset] as const),
    );
    const boxes = new Float64Array(width * height * own.length * 4);
    let at = 0;
    for (let h = 0; h < height; h++) {
      for (let w = 0; w < width; w++) {
        for (const [size, [across, down]] of own) {
          const x = fround(fround(w + across) * stepX);
          const y = fround(fround(h + down) * stepY);
          const inset = this.insetOf(size);
          const edges = [
            (x - size[0] / 2) / imageWidth! + inset,
            (y - size[1] / 2) / imageHeight! + inset,
            (x + size[0] / 2) / imageWidth! - inset,
            (y + size[1] / 2) / imageHeight! - inset,
          ];
          for (const edge of param.yx_order ? YX : XY) boxes[at++] = edges[edge]!;
        }
      }
    }
    return param.clip ? boxes.map((edge) => Math.min(Math.max(edge, 0), 1)) : boxes;
  }

  override forward(_bottom: Two, [y]: One): void {
    const result = y.dataMem.overwriteCpu();
    const count = this.#boxes.length;
    result.set(this.#boxes);
    for (let i = 0; i < count; i++) result[count + i] = this.#variances[i % 4]!;
  }

  /** Nothing depends on what the bottoms hold. */
  override backward(_top: One, propagateDown: readonly boolean[], bottom: Two): void {
    bottom.forEach((x, i) => {
      if (propagateDown[i]) x.diffMem.zero();
    });
  }

  override allowForceBackward(): boolean {
    return false;
  }
}
