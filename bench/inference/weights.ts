import type { Net } from "../../src/net/net.ts";

/**
 * Weights such that numbers are of ordinary size in every layer, as those that were learned are: uniform, with the variance that
 * keeps a rectified layer's, statistics of mean 0 and variance 1, scales of 1.
 */
export function fillLikeLearned(net: Net): void {
  for (const { param, blobs } of net.layers) {
    const { type } = param;
    const [w, b, count] = blobs;
    if (type === "BatchNorm") {
      w?.data.fill(0);
      b?.data.fill(1);
      count?.data.fill(1);
    } else if (w) {
      const isLine = type === "Scale" || type === "Bias";
      const half = isLine ? 0 : Math.sqrt((6 * w.shape[0]!) / w.count());
      w.data.forEach((_, i, data) => {
        data[i] = type === "Bias" ? 0 : isLine ? 1 : half * (2 * noise(i) - 1);
      });
      b?.data.fill(0);
    }
  }
}

function noise(i: number): number {
  return (Math.imul(Math.imul(i + 1, 0x9e3779b1) ^ (i >>> 3), 0x85ebca6b) >>> 8) / 2 ** 24;
}
