import { Blob } from "../../blob/blob.ts";
import type { Primitive, RegionsDescriptor, RegionsOp } from "../../engines/engine.ts";
import { numbersOfBin, regionsShape } from "../../engines/ops/regions.ts";
import { shapeText } from "../../util/shape.ts";
import {
  type Arity,
  arity,
  type BackwardReads,
  Layer,
  type LayerRole,
  type One,
  type Two,
} from "./layer.ts";

/** A region of interest along one axis of the map. */
export interface RoiAxis {
  /** Its edges in pixels of the image. */
  readonly from: number;
  readonly to: number;
  /** How many bins it is cut into. */
  readonly bins: number;
  /** How long the map is. */
  readonly length: number;
}

/** The numbers of a row: image and four edges. */
const ROW = 5;

/** A layer that pools regions of feature maps: bottom[0] N×C×H×W, bottom[1] rows `[image xmin ymin xmax ymax]`. */
export abstract class RoiLayer extends Layer<Two, One> {
  static override readonly role: LayerRole = "window";
  static override readonly needs: readonly Primitive[] = ["regions"];
  static override readonly bottoms: Arity = arity.two;
  static override readonly hostBottoms: readonly number[] = [1];

  protected abstract readonly method: RegionsDescriptor["method"];
  /** Rows and columns of bins. */
  protected grid: readonly [number, number] = [0, 0];
  #descriptor: RegionsDescriptor | undefined;
  #op!: RegionsOp;
  #bins!: Blob;
  #winners!: Blob;

  /** The numbers of each bin along an axis, as `RegionsOp` has them; `isBackward`: of those that pass a gradient on. */
  protected abstract binsOf(axis: RoiAxis, isBackward: boolean): readonly number[];

  override reshape([features, rois]: Two, [y]: One): void {
    this.#checkShapes(features, rois);
    const d = {
      method: this.method,
      features: features.shape,
      regions: rois.shape[0] ?? 0,
      grid: this.grid,
    };
    const shape = regionsShape(d);
    y.reshape(shape);
    if (this.#descriptor && JSON.stringify(this.#descriptor) === JSON.stringify(d)) return;
    this.#bins ??= new Blob([0], this.context.dtype);
    this.#winners ??= new Blob([0], this.context.dtype);
    this.#bins.reshape([d.regions, 1 + numbersOfBin(d) * (d.grid[0] + d.grid[1])]);
    if (this.method === "MAX") this.#winners.reshape(shape);
    this.#op = this.engine.regions(d);
    this.#descriptor = d;
  }

  /** Looks at the shapes of both bottoms. */
  #checkShapes(features: Blob, rois: Blob): void {
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

  override forward([features, rois]: Two, [y]: One): void {
    this.#setBins(features, rois, false);
    this.#op.forward(features.dataMem, this.#bins.dataMem, y.dataMem, this.#winners.dataMem);
  }

  /**
   * Works out the bins of every region.
   * @throws LayerError where one lies in no image of the batch, or an edge is no finite number
   */
  #setBins(features: Blob, rois: Blob, isBackward: boolean): void {
    const [values, table] = [rois.dataMem.cpu(), this.#bins.dataMem.overwriteCpu()];
    const [batch = 0, , height = 0, width = 0] = features.shape;
    const [rows, columns] = this.grid;
    const length = this.#bins.count(1);
    for (let r = 0; r < (rois.shape[0] ?? 0); r++) {
      const [image = 0, x0 = 0, y0 = 0, x1 = 0, y1 = 0] = values.subarray(r * ROW, (r + 1) * ROW);
      const edges = [x0, y0, x1, y1];
      if (!(image >= 0 && image < batch)) {
        this.fail(`roi ${r} lies in image ${image}. Expected 0 to ${batch - 1}.`);
      }
      if (!edges.every(Number.isFinite)) {
        this.fail(`roi ${r} is (${edges.join(", ")}). Expected finite numbers.`);
      }
      const vertical = this.binsOf({ from: y0, to: y1, bins: rows, length: height }, isBackward);
      const across = this.binsOf({ from: x0, to: x1, bins: columns, length: width }, isBackward);
      table[r * length] = Math.trunc(image);
      table.set(vertical, r * length + 1);
      table.set(across, r * length + 1 + vertical.length);
    }
  }

  /** Regions are read as they are by then. */
  override backwardReadsBottom(bottomIndex: number): BackwardReads {
    return bottomIndex === 1 ? "present" : "nothing";
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex === 0;
  }

  /** Regions have no gradient: what asks for one gets zeros, as in the forks. */
  override backward([y]: One, propagateDown: readonly boolean[], [features, rois]: Two): void {
    if (propagateDown[1]) rois.diffMem.zero();
    if (!propagateDown[0]) return;
    this.#setBins(features, rois, true);
    const [bins, winners] = [this.#bins.dataMem, this.#winners.dataMem];
    this.#op.backward(y.diffMem, bins, features.diffMem, winners);
  }
}

/** A bin's bounds cut to [0, length]. */
export function boundsWithin(from: number, to: number, length: number): readonly [number, number] {
  const within = (at: number): number => Math.min(Math.max(at, 0), length);
  return [within(from), within(to)];
}
