import { countOf } from "../../util/shape.ts";
import type { BatchNormDescriptor, BatchNormOp } from "../engine.ts";
import { joinMeans, joinStatistics } from "../ops/joined-batch.ts";
import type { Arrays } from "./arrays.ts";
import type { Block } from "./heap.ts";
import type { Address } from "./kernels.ts";

/** A batch that has no other parts. */
const alone = (): void => undefined;

/** Normalisation by channel; sums in double precision. */
export function wasmBatchNorm(arrays: Arrays, d: BatchNormDescriptor): BatchNormOp {
  const { kernels, heap } = arrays;
  const n = d.shape[0] ?? 1;
  const c = d.shape.length > 1 ? (d.shape[1] ?? 1) : 1;
  const size = countOf(d.shape) / (n * c);
  const m = n * size;
  const view = [n, c, size] as const;
  /** What forward gave: in place, the layers behind overwrite it before backward reads it. */
  let normalised: Block | undefined;

  const doubles = (at: Address): Float64Array => new Float64Array(heap.floats.buffer, at, c);
  /** Memory for so many rows of doubles, one for each channel. */
  const lendRows = (rows: number, use: (at: Address) => void): void =>
    arrays.lend(2 * rows * c, use);
  /** Writes a number for each channel as a float. */
  const put = (at: Address, value: (channel: number) => number): Address => {
    const to = heap.floats.subarray(at / 4, at / 4 + c);
    for (let i = 0; i < c; i++) to[i] = value(i);
    return at;
  };

  return {
    forward(xMem, meanMem, varianceMem, yMem) {
      const x = arrays.read(xMem);
      lendRows(2, (at) => {
        const second = at + 8 * c;
        if (!d.useGlobalStats) {
          const [mean, variance] = [meanMem.overwriteCpu(), varianceMem.overwriteCpu()];
          kernels.channelSums(...view, x, at);
          doubles(at).forEach((sum, i, means) => {
            means[i] = sum / m;
            mean[i] = sum / m;
          });
          kernels.channelSpreads(...view, x, at, second);
          doubles(second).forEach((sum, i) => {
            variance[i] = sum / m;
          });
          if (d.join) joinStatistics(d.join, m, mean.subarray(0, c), variance.subarray(0, c));
        }
        const [mean, variance] = [meanMem.cpu(), varianceMem.cpu()];
        const means = put(at, (i) => mean[i]!);
        const factors = put(second, (i) => 1 / Math.sqrt(variance[i]! + d.eps));
        const y = arrays.write(yMem);
        kernels.normalise(...view, x, means, factors, y);
        if (d.useGlobalStats) return;
        normalised ??= heap.keep(countOf(d.shape));
        kernels.copyBlocks(1, countOf(d.shape), y, 0, normalised.at, 0);
      });
    },
    backward(_mean, varianceMem, dyMem, dxMem) {
      const [variance, dy] = [varianceMem.cpu(), arrays.read(dyMem)];
      lendRows(3, (at) => {
        const [first, second] = [at + 8 * c, at + 16 * c];
        const factors = put(at, (i) => 1 / Math.sqrt(variance[i]! + d.eps));
        if (d.useGlobalStats || !normalised) {
          kernels.lines(...view, dy, factors, 0, arrays.write(dxMem));
          return;
        }
        kernels.channelSums(...view, dy, first);
        kernels.channelDots(...view, normalised.at, dy, second);
        const [sums, dots] = [doubles(first).slice(), doubles(second).slice()];
        joinMeans(d.join ?? alone, m, sums, dots);
        const means = put(first, (i) => sums[i]!);
        const alongs = put(second, (i) => dots[i]!);
        const dx = arrays.write(dxMem);
        kernels.normaliseBackward(...view, normalised.at, dy, means, alongs, factors, dx);
      });
    },
  };
}
