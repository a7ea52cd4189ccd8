import { shapeText } from "../../util/shape.ts";
import { type Arity, arity, type Blobs, Layer, type ParamField } from "../base/layer.ts";
import { boxAt } from "../detection/boxes.ts";
import { boxSize } from "./patches.ts";

const { fround } = Math;
/** The middle of all scales, where no bound is given. */
const MIDDLE = 256;

/**
 * Takes the regions of certain sizes, and what belongs to them: low_scale ≤ √(width · height) < high_scale. Where there is
 * none it takes the one that is nearest to the middle of these.
 *
 * - bottom[0]: regions R×5 `[image xmin ymin xmax ymax]`, without a gradient; further bottoms: R×…, each of which sends
 *   its gradient to the rows taken
 * - tops: of each bottom the rows taken
 * - `scale_route_param`: low_scale 0, high_scale ∞
 *
 * @see ScaleRoute of Cascade R-CNN (zhaoweicai/cascade-rcnn)
 */
export class ScaleRouteLayer extends Layer {
  static override readonly type: string = "ScaleRoute";
  static override readonly paramFields: readonly ParamField[] = ["scale_route_param"];
  static override readonly bottoms: Arity = arity.oneOrMore;
  static override readonly tops: Arity = arity.oneOrMore;
  static override readonly equalBottomsAndTops: boolean = true;

  /** The rows taken by the last forward. */
  #taken: readonly number[] = [];

  override setUp(): void {
    const { low_scale: low, high_scale: high } = this.param.scale_route_param ?? {};
    if (low !== undefined && !(low > 0)) this.fail(`low_scale is ${low}. Expected more than 0.`);
    if (high !== undefined && !(high >= (low ?? Number.MIN_VALUE))) {
      this.fail(`high_scale is ${high}. Expected ${low ?? "more than 0"} or more.`);
    }
  }

  override reshape(bottom: Blobs, top: Blobs): void {
    const [rois] = bottom;
    const count = rois?.shape[0] ?? 0;
    if (!rois || rois.shape.length < 2 || rois.count(1) !== 5 || count === 0) {
      this.fail(`regions have shape ${shapeText(rois?.shape ?? [])}. Expected R×5, one at least.`);
    }
    bottom.forEach((blob, i) => {
      if (blob.shape[0] !== count) {
        this.fail(
          `bottom ${i} has shape ${shapeText(blob.shape)}. Expected a row for each of ${count} regions.`,
        );
      }
      top[i]?.reshape([count, ...blob.shape.slice(1)]);
    });
  }

  override forward(bottom: Blobs, top: Blobs): void {
    this.#taken = this.#choose(bottom);
    bottom.forEach((blob, i) => {
      const y = top[i]!;
      y.reshape([this.#taken.length, ...blob.shape.slice(1)]);
      const [values, target, each] = [
        blob.dataMem.cpu(),
        y.dataMem.overwriteCpu(),
        blob.count(1),
      ] as const;
      this.#taken.forEach((row, k) => {
        target.set(values.subarray(row * each, (row + 1) * each), k * each);
      });
    });
  }

  /** The rows whose regions have the size asked for. */
  #choose([rois]: Blobs): readonly number[] {
    const { low_scale, high_scale } = this.param.scale_route_param ?? {};
    const low = fround(low_scale ?? 0);
    const high = fround(high_scale ?? Number.POSITIVE_INFINITY);
    const middle =
      low_scale !== undefined && high_scale !== undefined
        ? fround(Math.sqrt(fround(low * high)))
        : fround(low_scale ?? high_scale ?? MIDDLE);
    const values = rois!.dataMem.cpu();
    const scales = Array.from({ length: rois!.shape[0] ?? 0 }, (_, r) =>
      fround(Math.sqrt(boxSize(boxAt(values, 5 * r + 1)))),
    );
    const taken = [...scales.keys()].filter((r) => scales[r]! >= low && scales[r]! < high);
    if (taken.length > 0) return taken;
    const distances = scales.map((scale) => Math.abs(Math.log2(scale / middle)));
    return [distances.reduce((best, distance, r) => (distance < distances[best]! ? r : best), 0)];
  }

  override backward(top: Blobs, propagateDown: readonly boolean[], bottom: Blobs): void {
    bottom.forEach((blob, i) => {
      if (!propagateDown[i]) return;
      const [dx, dy, each] = [
        blob.diffMem.overwriteCpu().fill(0),
        top[i]!.diffMem.cpu(),
        blob.count(1),
      ] as const;
      if (i === 0) return;
      this.#taken.forEach((row, k) => {
        dx.set(dy.subarray(k * each, (k + 1) * each), row * each);
      });
    });
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex > 0;
  }
}
