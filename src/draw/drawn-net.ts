import type { NetParameter } from "../io/proto/caffe.ts";
import type { LayerRole } from "../layers/base/layer.ts";
import { LayerRegistry } from "../layers/registry.ts";
import { layerDetails } from "./layer-text.ts";

/** A layer as far as it is drawn: what it reads and makes, by name, and what is said of it. */
export interface DrawnLayer {
  readonly name: string;
  readonly type: string;
  readonly role: LayerRole;
  /** A few lines. */
  readonly details: readonly string[];
  /** A layer works in place where its only top is its only bottom. */
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
}

/** A net as it is drawn: layers in the order in which they run. */
export interface DrawnNet {
  readonly name: string;
  readonly layers: readonly DrawnLayer[];
}

/** A net that is filtered already: a name must stand for one layer. */
export function drawnNetOf(net: NetParameter, displayLrMult = false): DrawnNet {
  const registry = new LayerRegistry();
  const layers = (net.layer ?? []).map(
    (layer): DrawnLayer => ({
      name: layer.name ?? "",
      type: layer.type ?? "",
      role: registry.roleOf(layer.type ?? ""),
      details: layerDetails(layer, displayLrMult),
      bottoms: layer.bottom ?? [],
      tops: layer.top ?? [],
    }),
  );
  return { name: net.name ?? "", layers };
}
