import type { FloatArray } from "../../util/arrays.ts";
import { type SeenWindow, TreepoolLayer } from "../base/treepool.ts";

/**
 * Pools by maximum and mean, of which each window takes as much as a learned mask says.
 *
 *     y = p·max x(i) + (1 − p)·mean x(i),  p = σ(Σ w(i)·x(i)), over the elements of the window in the image
 *
 * All elements that are the maximum get its gradient.
 *
 * - bottom[0]: N×C×h×w; top[0]: N×C×h′×w′, h′ = ⌈(h − k) / s⌉ + 1
 * - blobs: w, 1×1×k×k, for all channels
 * - `convolution_param`: kernel_size k (required), stride s 1, weight_filler
 *
 * @see ducha-aiki/caffe's TreepoolMaxAveLayer; Lee, Gallagher & Tu, AISTATS 2016
 */
export class TreepoolMaxAveLayer extends TreepoolLayer {
  static override readonly type: string = "TreepoolMaxAve";
  protected override readonly masks: number = 1;

  protected override answer(x: FloatArray, window: SeenWindow, o: number): void {
    let [most, sum] = [Number.NEGATIVE_INFINITY, 0];
    for (let r = 0; r < window.rows; r++) {
      const from = window.from + r * window.rowStep;
      for (let c = 0; c < window.columns; c++) {
        most = Math.max(most, x[from + c]!);
        sum += x[from + c]!;
      }
    }
    this.first[o] = most;
    this.second[o] = sum / (window.rows * window.columns);
  }

  protected override passBack(
    x: FloatArray,
    window: SeenWindow,
    o: number,
    [dMost, dMean]: readonly [number, number],
    dx: FloatArray | undefined,
  ): void {
    if (!dx) return;
    const most = this.first[o]!;
    const each = dMean / (window.rows * window.columns);
    for (let r = 0; r < window.rows; r++) {
      const from = window.from + r * window.rowStep;
      for (let c = 0; c < window.columns; c++) {
        dx[from + c]! += each + (x[from + c] === most ? dMost : 0);
      }
    }
  }
}
