import type { Suppress, SuppressClasses } from "../engine.ts";
import type { Addon } from "./addon.ts";

const TOLD = { edges: 0, pixels: 1, centers: 2 } as const;

/** Suppression by vectorised loops; float64 arrays go to `fallback`. */
export function nativeSuppress(addon: Addon, fallback: Suppress): Suppress {
  return (boxes, d) => {
    if (!(boxes instanceof Float32Array)) return fallback(boxes, d);
    const count = Math.floor(boxes.length / 4);
    const most = Math.max(0, Math.min(count, Math.ceil(d.most ?? count)));
    return addon.suppress(count, most, TOLD[d.boxes], d.threshold, d.eta ?? 1, boxes);
  };
}

/** Suppression class by class, several classes at a time. */
export function nativeSuppressClasses(addon: Addon): SuppressClasses {
  return (scores, boxes, d) =>
    addon.suppressClasses(
      d.images,
      d.priors,
      d.classes,
      d.hasOwnBoxes ? d.classes : 1,
      d.background,
      d.least,
      Math.max(0, Math.min(d.priors, d.candidates)),
      Math.max(0, Math.min(d.priors, Math.ceil(d.most ?? d.priors))),
      TOLD[d.boxes],
      d.threshold,
      d.eta ?? 1,
      scores,
      boxes,
    );
}
