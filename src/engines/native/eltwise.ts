import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { EltwiseDescriptor, EltwiseOp } from "../engine.ts";
import { slopeOf } from "../ops/rectifier-slope.ts";
import type { Layout, StoreMemory } from "./addon.ts";
import type { Layouts } from "./layouts.ts";

/** Sums, products and maxima in the layout the first input lies in. */
export function nativeEltwise(layouts: Layouts, d: EltwiseDescriptor): EltwiseOp {
  const { addon } = layouts;
  const { operation, shape, coeffs, stableProdGrad } = d;
  // A quotient of paddings would be 0/0.
  const wants = operation === "PROD" && !stableProdGrad ? "no padding" : "blocks";
  let layout: Layout = layouts.plain(shape);
  let winner: { readonly memory: StoreMemory; readonly stored: number } | undefined;
  return {
    accepts: (posts) => operation === "SUM" && slopeOf(posts) !== undefined,
    forward(xs, y, posts = []) {
      layout = layouts.currentOf(xs[0]!, shape, wants);
      const sources = xs.map((x) => layouts.read(x, layout));
      const to = layouts.write(y, layout);
      if (operation === "SUM") {
        const slope = slopeOf(posts) ?? Number.NaN;
        addon.sum(layout.stored, coeffs, sources, slope, to);
        const bounds = xs.map((x, k) => Math.abs(coeffs[k]!) * layouts.knownGreatest(x));
        layouts.bound(y, Math.max(1, slope || 0) * bounds.reduce((a, b) => a + b, 0));
      } else if (operation === "PROD") addon.product(layout.stored, sources, to);
      else {
        if (winner?.stored !== layout.stored) {
          winner = { memory: layouts.scratch(layout), stored: layout.stored };
        }
        addon.maximum(layout.stored, sources, to, winner.memory);
      }
    },
    backward(xs, y, dy, dxs, posts = []) {
      if (operation === "SUM") layout = layouts.currentOf(dy, shape, "blocks");
      const n = layout.stored;
      const slope = slopeOf(posts);
      const rectified = slope === undefined ? undefined : layouts.read(y, layout);
      /** Where a gradient with coefficient 1 already is. */
      let unit: SyncedMem | undefined = rectified ? undefined : dy;
      const gradient = layouts.read(dy, layout);
      dxs.forEach((dx, k) => {
        if (!dx) return;
        if (operation === "SUM") {
          if (coeffs[k] === 1 && unit) {
            layouts.share(unit, dx, layout);
            return;
          }
          const to = layouts.write(dx, layout);
          addon.sumGradient(n, coeffs[k]!, slope ?? 1, rectified, gradient, to);
          if (coeffs[k] === 1) unit = dx;
        } else if (operation === "PROD") {
          const sources = xs.map((x) => layouts.read(x, layout));
          const product = layouts.read(y, layout);
          const to = layouts.write(dx, layout);
          addon.productGradient(n, k, stableProdGrad, sources, product, gradient, to);
        } else if (winner) {
          addon.maximumGradient(n, k, winner.memory, gradient, layouts.write(dx, layout));
        }
      });
    },
  };
}
