import type { FloatArray } from "../../util/arrays.ts";
import { type SeenWindow, spread, TreepoolLayer, weighed } from "../base/treepool.ts";

/**
 * Pools by two learned masks, of which each window takes as much as a third one says.
 *
 *     y = p·a + (1 − p)·b,  a = Σ v₁(i)·x(i),  b = Σ v₂(i)·x(i),  p = σ(Σ w(i)·x(i)), over the elements of the window in the image
 *
 * - bottom[0]: N×C×h×w; top[0]: N×C×h′×w′, h′ = ⌈(h − k) / s⌉ + 1
 * - blobs: v₁, v₂, w, each 1×1×k×k, for all channels
 * - `convolution_param`: kernel_size k (required), stride s 1, weight_filler of all three
 *
 * @see chl260/caffe's and ducha-aiki/caffe's TreepoolKernel1LLayer; Lee, Gallagher & Tu, AISTATS 2016
 */
export class TreepoolKernel1LLayer extends TreepoolLayer {
  static override readonly type: string = "TreepoolKernel1L";
  protected override readonly masks: number = 3;

  protected override answer(x: FloatArray, window: SeenWindow, o: number): void {
    const [v1, v2] = this.blobs;
    this.first[o] = weighed(x, window, v1!.dataMem.cpu());
    this.second[o] = weighed(x, window, v2!.dataMem.cpu());
  }

  protected override passBack(
    x: FloatArray,
    window: SeenWindow,
    _o: number,
    gradients: readonly [number, number],
    dx: FloatArray | undefined,
  ): void {
    gradients.forEach((d, i) => {
      spread(x, window, d, this.blobs[i]!.dataMem.cpu(), dx, this.gradientOf(i));
    });
  }
}
