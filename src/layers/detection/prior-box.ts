import type { PriorBoxParameter } from "../../io/proto/caffe.ts";
import { type BoxSize, PriorBoxesLayer } from "../base/prior-boxes.ts";

/** Ratios that differ less are one. */
const SAME = 1e-6;

/**
 * The boxes that a detector's predictions start from: around every cell of a feature map the same few sizes.
 *
 *     for each min_size m (with its max_size M): m × m;  √(m·M) × √(m·M);  m·√a × m/√a for each aspect ratio a
 *
 * Cell (h, w) has its middle at ((w + offset) · step_w, (h + offset) · step_h); all edges are divided by the image's size.
 * As in SSD, min_size and max_size are cut to whole pixels.
 *
 * - bottom[0]: a feature map, N×C×H×W; bottom[1]: the image, N×C×H'×W'; of both only the shape is read
 * - top[0]: 1×2×(H·W·P·4): P boxes `[xmin ymin xmax ymax]` for each cell; behind them their variances
 * - `prior_box_param`: min_size, one or more; max_size, as many or none; aspect_ratio, and with flip (true) 1/a behind each;
 *   clip false (edges within 0 to 1); variance 0.1, 1 or 4; img_size, or img_h and img_w (the size of bottom[1]); step, or
 *   step_h and step_w (image / map); offset 0.5, or OpenCV's offset_h and offset_w, lists of one length: each box at each
 *   place; of synopsys-caffe tf false (M after the ratios; the box of 60 × 60 is of half that at an image of 300) and yx_order false (`[ymin xmin ymax xmax]`)
 *
 * @see PriorBox of SSD (weiliu89/caffe)
 */
export class PriorBoxLayer extends PriorBoxesLayer {
  static override readonly type: string = "PriorBox";

  protected override sizesOf(param: PriorBoxParameter): readonly BoxSize[] {
    const [small, large] = [Array.from(param.min_size ?? []), Array.from(param.max_size ?? [])];
    if (small.length === 0) this.fail("prior_box_param needs min_size. Expected one or more.");
    if (large.length > 0 && large.length !== small.length) {
      this.fail(
        `prior_box_param has ${small.length} min_size and ${large.length} max_size. Expected as many, or no max_size.`,
      );
    }
    const ratios = this.#ratios(param).filter((ratio) => !(Math.abs(ratio - 1) < SAME));
    this.#tellOfFractions([...small, ...large]);
    return small.flatMap((given, i): BoxSize[] => {
      this.expectPositive("min_size", given);
      const min = Math.trunc(given);
      if (min === 0) {
        this.context.warn(
          `min_size ${given} is cut to 0: sizes are whole pixels. Boxes without an area result.`,
        );
      }
      const max = large[i];
      if (max !== undefined && !(max > given)) {
        this.fail(
          `prior_box_param.max_size ${max} belongs to min_size ${given}. max_size must be greater than min_size.`,
        );
      }
      const between = max === undefined ? [] : [Math.fround(Math.sqrt(min * Math.trunc(max)))];
      const squares = between.map((size): BoxSize => [size, size]);
      const others = ratios.map(
        (ratio): BoxSize => [
          Math.fround(min * Math.sqrt(ratio)),
          Math.fround(min / Math.sqrt(ratio)),
        ],
      );
      return [[min, min], ...(param.tf ? [...others, ...squares] : [...squares, ...others])];
    });
  }

  /** TensorFlow's first box is of 0.1 of the image, where that of 60 pixels of 300 is of 0.2. */
  protected override insetOf([width, height]: BoxSize): number {
    const isFirst = this.param.prior_box_param?.tf && width === 60 && height === 60;
    return isFirst ? 0.05 : 0;
  }

  /** Nets that other programs trained, and OpenCV's meaning of them, count what SSD cuts off. */
  #tellOfFractions(sizes: readonly number[]): void {
    const size = sizes.find((one) => one >= 1 && !Number.isInteger(one));
    if (size === undefined) return;
    this.context.warn(
      `min_size or max_size ${Number(size.toPrecision(7))} is cut to ${Math.trunc(size)}, as SSD does. For a net whose boxes count the fraction write PriorBoxClustered, with the width and height of each box.`,
    );
  }

  /** Every ratio once as it is written, with its inverse behind it. */
  #ratios({ aspect_ratio = [], flip = true }: PriorBoxParameter): readonly number[] {
    const ratios = [1];
    for (const ratio of aspect_ratio) {
      this.expectPositive("aspect_ratio", ratio);
      if (ratios.some((other) => Math.abs(ratio - other) < SAME)) continue;
      ratios.push(ratio);
      if (flip) ratios.push(Math.fround(1 / ratio));
    }
    return ratios;
  }
}
