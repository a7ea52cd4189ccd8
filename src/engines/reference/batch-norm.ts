import type { FloatArray } from "../../util/arrays.ts";
import { countOf } from "../../util/shape.ts";
import type { BatchNormDescriptor, BatchNormOp } from "../engine.ts";
import { joinMeans, joinStatistics } from "../ops/joined-batch.ts";

/** A batch that has no other parts. */
const alone = (): void => undefined;

/**
 * x̂ = (x − mean) / sqrt(variance + eps) per channel.
 *
 *     dx = (dy − mean(dy) − x̂ · mean(dy · x̂)) / sqrt(variance + eps)     with the batch's statistics
 *     dx = dy / sqrt(variance + eps)                                      with given ones
 */
export function referenceBatchNorm(d: BatchNormDescriptor): BatchNormOp {
  const n = d.shape[0] ?? 1;
  const c = d.shape.length > 1 ? (d.shape[1] ?? 1) : 1;
  const size = countOf(d.shape) / (n * c);
  const m = n * size;
  let normalised: FloatArray = new Float32Array(0);

  return {
    forward(xMem, meanMem, varianceMem, yMem) {
      const x = xMem.cpu();
      if (!d.useGlobalStats) {
        const [mean, variance] = [meanMem.overwriteCpu(), varianceMem.overwriteCpu()];
        for (let ch = 0; ch < c; ch++) {
          let sum = 0;
          for (let i = 0; i < n; i++) {
            const from = (i * c + ch) * size;
            for (let s = 0; s < size; s++) sum += x[from + s]!;
          }
          const mu = sum / m;
          let squares = 0;
          for (let i = 0; i < n; i++) {
            const from = (i * c + ch) * size;
            for (let s = 0; s < size; s++) squares += (x[from + s]! - mu) ** 2;
          }
          mean[ch] = mu;
          variance[ch] = squares / m;
        }
        if (d.join) joinStatistics(d.join, m, mean.subarray(0, c), variance.subarray(0, c));
      }
      const [mean, variance, y] = [meanMem.cpu(), varianceMem.cpu(), yMem.overwriteCpu()];
      for (let i = 0; i < n; i++) {
        for (let ch = 0; ch < c; ch++) {
          const from = (i * c + ch) * size;
          const inverse = 1 / Math.sqrt(variance[ch]! + d.eps);
          for (let s = 0; s < size; s++) y[from + s] = (x[from + s]! - mean[ch]!) * inverse;
        }
      }
      // In place, the layers behind overwrite y before backward reads it.
      if (!d.useGlobalStats) normalised = y.slice(0, n * c * size);
    },
    backward(_mean, varianceMem, dyMem, dxMem) {
      const [variance, dy] = [varianceMem.cpu(), dyMem.cpu()];
      const [sums, dots] = [new Float64Array(c), new Float64Array(c)];
      if (!d.useGlobalStats) {
        for (let ch = 0; ch < c; ch++) {
          for (let i = 0; i < n; i++) {
            const from = (i * c + ch) * size;
            for (let s = 0; s < size; s++) {
              sums[ch]! += dy[from + s]!;
              dots[ch]! += dy[from + s]! * normalised[from + s]!;
            }
          }
        }
        joinMeans(d.join ?? alone, m, sums, dots);
      }
      const dx = dxMem.overwriteCpu();
      for (let ch = 0; ch < c; ch++) {
        const inverse = 1 / Math.sqrt(variance[ch]! + d.eps);
        const [mean, dot] = [sums[ch]!, dots[ch]!];
        for (let i = 0; i < n; i++) {
          const from = (i * c + ch) * size;
          for (let s = 0; s < size; s++) {
            const centred = d.useGlobalStats
              ? dy[from + s]!
              : dy[from + s]! - mean - normalised[from + s]! * dot;
            dx[from + s] = centred * inverse;
          }
        }
      }
    },
  };
}
