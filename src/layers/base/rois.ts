import type { Blob } from "../../blob/blob.ts";
import { shapeText } from "../../util/shape.ts";
import { type Arity, arity, Layer, type LayerRole, type One, type Two } from "./layer.ts";

/** A region of interest: the image that it lies in, and its edges in pixels of the image. */
export interface Roi {
  readonly image: number;
  readonly edges: readonly [xmin: number, ymin: number, xmax: number, ymax: number];
}

/** The numbers of a row: image and four edges. */
const ROW = 5;

/** A layer that pools regions of feature maps: bottom[0] N×C×H×W, bottom[1] rows `[image xmin ymin xmax ymax]`. */
export abstract class RoiLayer extends Layer<Two, One> {
  static override readonly role: LayerRole = "window";
  static override readonly bottoms: Arity = arity.two;
  static override readonly hostBottoms: readonly number[] = [1];

  /** Looks at the shapes of both bottoms. */
  protected checkShapes(features: Blob, rois: Blob): void {
    if (features.shape.length !== 4) {
      this.fail(`bottom 0 has shape ${shapeText(features.shape)}. Expected four axes: N×C×H×W.`);
    }
    if (rois.shape.length < 2 || rois.count(1) !== ROW) {
      this.fail(`rois have shape ${shapeText(rois.shape)}. Expected R×5: image and four edges.`);
    }
  }

  /** A positive number of `roi_pooling_param` or the like. */
  protected expectPositive(field: string, value: number | undefined): number {
    if (value === undefined || !(value > 0)) {
      this.fail(`${field} is ${value ?? "missing"}. Expected more than 0.`);
    }
    return value;
  }

  /**
   * The regions.
   * @throws LayerError where one lies in no image of the batch, or an edge is no finite number
   */
  protected readRois(features: Blob, rois: Blob): readonly Roi[] {
    const values = rois.dataMem.cpu();
    const batch = features.shape[0] ?? 0;
    return Array.from({ length: rois.shape[0] ?? 0 }, (_, r) => {
      const [image = 0, x0 = 0, y0 = 0, x1 = 0, y1 = 0] = values.subarray(r * ROW, (r + 1) * ROW);
      const edges = [x0, y0, x1, y1] as const;
      if (!(image >= 0 && image < batch)) {
        this.fail(`roi ${r} lies in image ${image}. Expected 0 to ${batch - 1}.`);
      }
      if (!edges.every(Number.isFinite)) {
        this.fail(`roi ${r} is (${edges.join(", ")}). Expected finite numbers.`);
      }
      return { image: Math.trunc(image), edges };
    });
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex === 0;
  }

  /** Regions have no gradient: what asks for one gets zeros, as in the forks. */
  override backward([y]: One, propagateDown: readonly boolean[], bottom: Two): void {
    if (propagateDown[1]) bottom[1].diffMem.zero();
    if (propagateDown[0]) this.backwardFeatures(y, bottom[0], bottom[1]);
  }

  /** The gradient towards bottom[0], overwritten. */
  protected abstract backwardFeatures(y: Blob, features: Blob, rois: Blob): void;
}

/** The bounds of a bin on one axis: [from, to) within a map's length. */
export type Bounds = readonly [from: number, to: number];

/** A bin's bounds cut to [0, length]. */
export function boundsWithin(from: number, to: number, length: number): Bounds {
  const within = (at: number): number => Math.min(Math.max(at, 0), length);
  return [within(from), within(to)];
}
