import type { ContrastiveLossDescriptor, ContrastiveLossOp } from "../engine.ts";

/** Keeps the gradient finite where both of a pair are the same. */
const NEAR_ZERO = 1e-4;

/** Pair by pair; the distance is computed anew in backward. */
export function referenceContrastiveLoss(d: ContrastiveLossDescriptor): ContrastiveLossOp {
  const { pairs, channels, margin, isLegacy } = d;
  return {
    forward(aMem, bMem, similarMem, scale, lossMem) {
      const [a, b, similar] = [aMem.cpu(), bMem.cpu(), similarMem.cpu()];
      let sum = 0;
      for (let n = 0; n < pairs; n++) {
        let square = 0;
        for (let k = n * channels; k < (n + 1) * channels; k++) square += (a[k]! - b[k]!) ** 2;
        if (Math.trunc(similar[n]!) !== 0) sum += square;
        else if (isLegacy) sum += Math.max(margin - square, 0);
        else sum += Math.max(margin - Math.sqrt(square), 0) ** 2;
      }
      lossMem.overwriteCpu()[0] = scale * sum;
    },
    backward(aMem, bMem, similarMem, scale, daMem) {
      const [a, b, similar] = [aMem.cpu(), bMem.cpu(), similarMem.cpu()];
      const da = daMem.overwriteCpu();
      for (let n = 0; n < pairs; n++) {
        const [begin, end] = [n * channels, (n + 1) * channels];
        let slope = scale;
        if (Math.trunc(similar[n]!) === 0) {
          let square = 0;
          for (let k = begin; k < end; k++) square += (a[k]! - b[k]!) ** 2;
          const distance = Math.sqrt(square);
          const gap = margin - (isLegacy ? square : distance);
          slope = gap > 0 ? -scale * (isLegacy ? 1 : gap / (distance + NEAR_ZERO)) : 0;
        }
        for (let k = begin; k < end; k++) da[k] = slope * (a[k]! - b[k]!);
      }
    },
  };
}
