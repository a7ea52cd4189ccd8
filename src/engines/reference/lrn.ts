import type { FloatArray } from "../../util/arrays.ts";
import type { LRNDescriptor, LRNOp } from "../engine.ts";

/**
 * With s = k + α/n · Σ x² over the region around an element:
 *
 *     y  = x · s^-β
 *     dx = dy · s^-β − 2·α·β/n · x · Σ (dy · y / s) over the elements whose region has x
 *
 * n is the size of the region: local_size across channels, local_size² within one.
 */
export function referenceLRN(d: LRNDescriptor): LRNOp {
  const [n, c, h, w] = d.shape;
  const half = (d.localSize - 1) / 2;
  const isAcross = d.region === "ACROSS_CHANNELS";
  const size = isAcross ? d.localSize : d.localSize ** 2;
  const scale = new Float64Array(n * c * h * w);
  const ratio = new Float64Array(n * c * h * w);

  /** Σ of values over the region around element (image, channel, row, column). */
  const regionSum = (v: FloatArray, i: number, ch: number, y: number, x: number): number => {
    let sum = 0;
    if (isAcross) {
      const end = Math.min(ch + half, c - 1);
      for (let k = Math.max(ch - half, 0); k <= end; k++) sum += v[((i * c + k) * h + y) * w + x]!;
      return sum;
    }
    const [y1, x1] = [Math.min(y + half, h - 1), Math.min(x + half, w - 1)];
    for (let yy = Math.max(y - half, 0); yy <= y1; yy++) {
      for (let xx = Math.max(x - half, 0); xx <= x1; xx++) {
        sum += v[((i * c + ch) * h + yy) * w + xx]!;
      }
    }
    return sum;
  };
  const forEach = (
    visit: (at: number, i: number, ch: number, y: number, x: number) => void,
  ): void => {
    let at = 0;
    for (let i = 0; i < n; i++) {
      for (let ch = 0; ch < c; ch++) {
        for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) visit(at++, i, ch, y, x);
      }
    }
  };

  return {
    forward(xMem, yMem) {
      const x = xMem.cpu();
      for (let i = 0; i < ratio.length; i++) ratio[i] = x[i]! * x[i]!;
      forEach((at, i, ch, row, col) => {
        scale[at] = d.k + (d.alpha / size) * regionSum(ratio, i, ch, row, col);
      });
      const y = yMem.overwriteCpu();
      for (let i = 0; i < scale.length; i++) y[i] = x[i]! * scale[i]! ** -d.beta;
    },
    backward(xMem, yMem, dyMem, dxMem) {
      const [x, y, dy, dx] = [xMem.cpu(), yMem.cpu(), dyMem.cpu(), dxMem.overwriteCpu()];
      for (let i = 0; i < ratio.length; i++) ratio[i] = (dy[i]! * y[i]!) / scale[i]!;
      const factor = (2 * d.alpha * d.beta) / size;
      forEach((at, i, ch, row, col) => {
        dx[at] =
          dy[at]! * scale[at]! ** -d.beta - factor * x[at]! * regionSum(ratio, i, ch, row, col);
      });
    },
  };
}
